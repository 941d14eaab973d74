/* The extension module macroengine._speedups: its two types, its functions, and the state that they share.
 *
 * From the outside in:
 *
 *   module.c      the module as Python imports it
 *   encoder.c     the functions that encode one value
 *   program.c     the type Program, which renders one template
 *   fan_out.c     the type FanOut, which renders one event for many templates
 *   operations.c  what a template sends, as a list of operations, and how they run
 *   values.c      looking a value up, and converting it to text
 *   reads.c       where values are looked up, and what is done with each
 *   hashes.c      SHA-1 and MD5
 *   append.c      the buffer that a URL grows in
 *   percent.h     the percent-encoder
 *
 * References, in all of these files: a `PyObject *` argument is borrowed, so the function must not release it. A
 * returned `PyObject *` is a new reference, which the caller releases with Py_DECREF. Comments name the exceptions.
 * Py_XDECREF accepts NULL. Py_CLEAR sets a variable to NULL before it releases the object, so that code that runs
 * during the release never sees a dead object. A function that returns NULL or -1 has set a Python exception, which its
 * caller passes on; functions that return an Outcome (append.h) do so only for RAISED.
 *
 * The module has no static variables: each interpreter in the process gets its own module and ModuleState (PEP 489).
 * Therefore several interpreters can use it, also without the GIL.
 */

#include "program.h"

/* Create a type and store a strong reference to it in `kept`, in addition to the one that the module holds as an
 * attribute. A type created from a spec knows its module, so PyType_GetModuleState can find the state.
 */
static int
add_type(PyObject *module, PyType_Spec *spec, PyTypeObject **kept)
{
    *kept = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, NULL);
    return *kept == NULL ? -1 : PyModule_AddType(module, *kept);
}

/* Initialise the module when it is imported (Py_mod_exec). */
static int
module_exec(PyObject *module)
{
    ModuleState *state = PyModule_GetState(module);
    state->sha1 = sha1_compression();
    if (add_type(module, &program_spec, &state->program_type) < 0) {
        return -1;
    }
    return add_type(module, &fan_out_spec, &state->fan_out_type);
}

/* The garbage collector finds reference cycles with `traverse`, which visits each owned object, and breaks them with
 * `clear`, which releases the objects.
 */
static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    ModuleState *state = PyModule_GetState(module);
    Py_VISIT(state->program_type);
    Py_VISIT(state->fan_out_type);
    return 0;
}

static int
module_clear(PyObject *module)
{
    ModuleState *state = PyModule_GetState(module);
    Py_CLEAR(state->program_type);
    Py_CLEAR(state->fan_out_type);
    return 0;
}

static void
module_free(void *module)
{
    module_clear(module);
}

/* Interpreters may run this at the same time, each with its own lock, and threads without any lock: everything shared
 * is written once, before another thread can see it.
 */
static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, module_exec},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "macroengine._speedups",
    .m_doc = "What renders in C; the package takes it where it could be built.",
    .m_size = sizeof(ModuleState),
    .m_methods = encoder_methods,
    .m_slots = slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC
PyInit__speedups(void)
{
    return PyModuleDef_Init(&definition);
}
