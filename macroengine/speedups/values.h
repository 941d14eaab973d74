/* Looking values up, and appending their text. */

#ifndef MACROENGINE_VALUES_H
#define MACROENGINE_VALUES_H

#include "append.h"
#include "hashes.h"
#include "reads.h"

/* Return a new reference to a value in a dict. Return NULL if there is none, or if an exception was raised.
 * PyDict_GetItemRef, new in Python 3.13, sets `value` to a strong reference or to NULL.
 */
static inline PyObject *
found_in(PyObject *dict, PyObject *field)
{
    PyObject *value;
#if PY_VERSION_HEX < 0x030D0000
    value = PyDict_GetItemWithError(dict, field);
    Py_XINCREF(value);
#else
    PyDict_GetItemRef(dict, field, &value);
#endif
    return value;
}

/* Append the text of `value`, which was found for `read`. If it is NULL or None, use the alternatives of `read` in the
 * three dicts. Takes ownership of the reference to `value`.
 */
Outcome append_value(Buffer *buffer, const Read *read, PyObject *value, PyObject *const *sources, Compress sha1);

#endif
