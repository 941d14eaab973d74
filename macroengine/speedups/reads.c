/* Making the reads of a plan from the tuples that describe them (macroengine/rendering/native.py), and releasing them. */

#include "reads.h"

/* Fill in a read from the tuple that describes it. In the format, `b` is an unsigned char, `U` a str and `O` any
 * object. These references are borrowed until all are checked; then the read takes its own.
 */
static int
read_init(Read *read, PyObject *described, int has_alternative)
{
    PyObject *field, *convert, *yes, *no;
    unsigned char source, encoder, layers, hash, hash_case, checks;
    if (!PyTuple_Check(described)
        || !PyArg_ParseTuple(described, "bUbbbbbOOO:read", &source, &field, &encoder, &layers, &hash, &hash_case, &checks,
                             &convert, &yes, &no)) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_TypeError, "a read is described by a tuple");
        }
        return -1;
    }
    if (source >= SOURCE_COUNT || !PyUnicode_CheckExact(field)) {
        PyErr_SetString(PyExc_ValueError, "a read has an unknown source, or its field is not a str");
        return -1;
    }
    for (int i = 0; i < 2; i++) {
        PyObject *word = i == 0 ? yes : no;
        if (word != Py_None && !(PyUnicode_CheckExact(word) && PyUnicode_IS_ASCII(word))) {
            PyErr_SetString(PyExc_ValueError, "what is sent for a boolean must be ASCII, or None");
            return -1;
        }
    }
    *read = (Read){.source = source,
                   .encoder = encoder,
                   .layers = layers,
                   .hash = hash,
                   .hash_case = hash_case,
                   .checks = checks,
                   .has_alternative = (unsigned char)has_alternative,
                   .is_plain = encoder == ENCODE_PERCENT && layers == 1 && hash == HASH_NONE && checks == 0};
    /* The keys of most events are also interned, so that a look-up only compares identities. The call replaces the
     * reference by one to the interned str with the same text.
     */
    Py_INCREF(field);
    PyUnicode_InternInPlace(&field);
    read->field = field;
    read->convert = Py_NewRef(convert);
    read->yes = Py_NewRef(yes);
    read->no = Py_NewRef(no);
    return 0;
}

int
reads_init(Reads *reads, PyObject *values, uint32_t *begins)
{
    Py_ssize_t count = 0;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(values); i++) {
        PyObject *alternatives = PyTuple_GET_ITEM(values, i);
        if (!PyTuple_Check(alternatives) || PyTuple_GET_SIZE(alternatives) == 0) {
            PyErr_SetString(PyExc_ValueError, "a value is a tuple of the places where it is looked for");
            return -1;
        }
        begins[i] = (uint32_t)count;
        count += PyTuple_GET_SIZE(alternatives);
    }
    reads->items = PyMem_Calloc(count ? count : 1, sizeof *reads->items);
    if (reads->items == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(values); i++) {
        PyObject *alternatives = PyTuple_GET_ITEM(values, i);
        Py_ssize_t size = PyTuple_GET_SIZE(alternatives);
        for (Py_ssize_t j = 0; j < size; j++) {
            if (read_init(&reads->items[reads->count], PyTuple_GET_ITEM(alternatives, j), j + 1 < size) < 0) {
                return -1;
            }
            reads->count++;
        }
    }
    return 0;
}

/* For tp_clear and tp_dealloc. Releasing an object can run any code, which must then see a count of zero. */
void
reads_clear(Reads *reads)
{
    Py_ssize_t count = reads->count;
    reads->count = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        Py_CLEAR(reads->items[i].field);
        Py_CLEAR(reads->items[i].convert);
        Py_CLEAR(reads->items[i].yes);
        Py_CLEAR(reads->items[i].no);
    }
    PyMem_Free(reads->items);
    reads->items = NULL;
}

/* For tp_traverse. Strings and None cannot be part of a reference cycle, so only `convert` is visited. */
int
reads_visit(Reads *reads, visitproc visit, void *arg)
{
    for (Py_ssize_t i = 0; i < reads->count; i++) {
        Py_VISIT(reads->items[i].convert);
    }
    return 0;
}
