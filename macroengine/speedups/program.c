/* The type Program renders a plan for events of one kind in a single call.
 *
 * It only handles the common case. Every other event is passed as a whole to the Python function compiled from the same
 * plan, so the results and the exceptions are the same.
 *
 * A Program owns references to that function, to the kind of postback, to the class of events, and to the objects of
 * its Reads. It owns the memory of its operations. Nothing in it changes after program_new, so threads may share it.
 *
 * It is a heap type, created by PyType_FromModuleAndSpec: each instance owns a reference to its type, which traverse
 * visits and dealloc releases last. tp_alloc returns zeroed memory that the garbage collector already tracks, so
 * dealloc must untrack it before it releases anything.
 */

#include "program.h"

#include <structmember.h>

typedef struct {
    PyObject_HEAD
    vectorcallfunc call; /* called by Python, which finds this field through __vectorcalloffset__, below */
    PyObject *otherwise; /* the function in Python */
    PyObject *postback;
    Py_ssize_t limit;
    EventLayout layout;
    Compress sha1;
    Reads reads;
    uint32_t *begins;
    Operations attributed;
    Operations unattributed;
    char has_unattributed;
    char is_shared; /* attributed and unattributed events are rendered in the same way */
} Program;

/* Return the offset of a `__slots__` attribute in an instance. The class has a member descriptor for each such
 * attribute, which contains the offset of a pointer to the value (T_OBJECT_EX).
 */
static Py_ssize_t
offset_of(PyObject *type, const char *name)
{
    Py_ssize_t offset = -1;
    PyObject *member = PyObject_GetAttrString(type, name);
    if (member != NULL && Py_IS_TYPE(member, &PyMemberDescr_Type)) {
        PyMemberDef *definition = ((PyMemberDescrObject *)member)->d_member;
        offset = definition->type == T_OBJECT_EX ? definition->offset : -1;
    }
    Py_XDECREF(member);
    if (offset < 0 && !PyErr_Occurred()) {
        PyErr_Format(PyExc_TypeError, "%s is not a slot of its class", name);
    }
    return offset;
}

int
event_layout_init(EventLayout *layout, PyObject *type)
{
    static const char *const NAMES[SOURCE_COUNT] = {"link", "sdk", "platform"};
    if (!PyType_Check(type)) {
        PyErr_SetString(PyExc_TypeError, "the class of events must be a class");
        return -1;
    }
    for (int i = 0; i < SOURCE_COUNT; i++) {
        if ((layout->sources[i] = offset_of(type, NAMES[i])) < 0) {
            return -1;
        }
    }
    layout->postback = offset_of(type, "postback");
    layout->attributed = layout->postback < 0 ? -1 : offset_of(type, "attributed");
    layout->type = (PyTypeObject *)Py_NewRef(type);
    return layout->attributed < 0 ? -1 : 0;
}

/* Return a borrowed reference to the value at an offset; NULL if it was never set. An Event is frozen, so no thread
 * sets it later.
 */
static inline PyObject *
slot(PyObject *event, Py_ssize_t offset)
{
    return *(PyObject **)((char *)event + offset);
}

/* Take strong references to the sources of an event. If one is not a dict, return 0 and take none. Rendering may call
 * Python functions, which could release the event. The caller returns the references with give_back_sources.
 */
int
take_sources(const EventLayout *layout, PyObject *event, PyObject **sources)
{
    for (int i = 0; i < SOURCE_COUNT; i++) {
        PyObject *source = slot(event, layout->sources[i]);
        if (source == NULL || !PyDict_CheckExact(source)) {
            return 0;
        }
        sources[i] = source;
    }
    for (int i = 0; i < SOURCE_COUNT; i++) {
        Py_INCREF(sources[i]);
    }
    return 1;
}

void
give_back_sources(PyObject **sources)
{
    for (int i = 0; i < SOURCE_COUNT; i++) {
        Py_DECREF(sources[i]);
    }
}

/* Return the operations for an event; NULL if Python must render it. */
static const Operations *
operations_for(const Program *self, PyObject *event)
{
    if (!Py_IS_TYPE(event, self->layout.type) || slot(event, self->layout.postback) != self->postback) {
        return NULL;
    }
    PyObject *attributed = slot(event, self->layout.attributed);
    if (attributed == Py_True) {
        return &self->attributed;
    }
    if (attributed == Py_False && self->has_unattributed) {
        return self->is_shared ? &self->attributed : &self->unattributed;
    }
    return NULL;
}

static PyObject *
render(Program *self, PyObject *event)
{
    const Operations *operations = operations_for(self, event);
    PyObject *sources[SOURCE_COUNT];
    if (operations == NULL || !take_sources(&self->layout, event, sources)) {
        return PyObject_CallOneArg(self->otherwise, event);
    }
    Values values = {.reads = self->reads.items, .begins = self->begins, .sources = sources, .sha1 = self->sha1};
    Buffer buffer;
    buffer_init(&buffer);
    Outcome outcome = operations_run(operations, &values, self->limit, &buffer);
    give_back_sources(sources);
    PyObject *url = outcome == DONE ? buffer_text(&buffer) : NULL;
    buffer_free(&buffer);
    return outcome == HANDED_OVER ? PyObject_CallOneArg(self->otherwise, event) : url;
}

/* A vectorcall (PEP 590): the arguments are in an array, without a tuple. One bit of `count` is a flag, which
 * PyVectorcall_NARGS removes. `names` are those of keyword arguments, whose values are last in the array.
 */
static PyObject *
program_call(PyObject *self, PyObject *const *args, size_t count, PyObject *names)
{
    if (PyVectorcall_NARGS(count) == 1 && names == NULL) {
        return render((Program *)self, args[0]);
    }
    /* Let Python raise an error, or find the event by its name. */
    return PyObject_Vectorcall(((Program *)self)->otherwise, args, count, names);
}

PyDoc_STRVAR(render_many_doc,
"render_many($self, events, /)\n--\n\n"
"Return the URL of each event, in a list.");

static PyObject *
program_render_many(PyObject *self, PyObject *events)
{
    PyObject *iterator = PyObject_GetIter(events);
    PyObject *urls = iterator == NULL ? NULL : PyList_New(0);
    PyObject *event;
    while (urls != NULL && (event = PyIter_Next(iterator)) != NULL) {
        PyObject *url = render((Program *)self, event);
        Py_DECREF(event);
        if (url == NULL || PyList_Append(urls, url) < 0) {
            Py_CLEAR(urls);
        }
        Py_XDECREF(url);
    }
    Py_XDECREF(iterator);
    /* PyIter_Next returns NULL at the end, without an exception, and also if the iterator raised one. */
    if (PyErr_Occurred()) {
        Py_CLEAR(urls);
    }
    return urls;
}

/* Program(event type, postback, limit, values, attributed, unattributed, otherwise)
 *
 * If something fails halfway, Py_DECREF(self) calls program_dealloc, which accepts fields that are still zero.
 */
static PyObject *
program_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(keywords))
{
    PyObject *event_type, *postback, *values, *attributed, *unattributed, *otherwise;
    Py_ssize_t limit;
    if (!PyArg_ParseTuple(args, "OOnO!OOO:Program", &event_type, &postback, &limit, &PyTuple_Type, &values, &attributed,
                          &unattributed, &otherwise)) {
        return NULL;
    }
    ModuleState *state = PyType_GetModuleState(type);
    Program *self = state == NULL ? NULL : (Program *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    Py_ssize_t count = PyTuple_GET_SIZE(values);
    self->call = program_call;
    self->otherwise = Py_NewRef(otherwise);
    self->postback = Py_NewRef(postback);
    self->limit = limit;
    self->sha1 = state->sha1;
    self->has_unattributed = unattributed != Py_None;
    self->is_shared = unattributed == attributed;
    self->begins = PyMem_Calloc(count + 1, sizeof *self->begins);
    if (self->begins == NULL) {
        PyErr_NoMemory();
    }
    else if (event_layout_init(&self->layout, event_type) == 0
             && reads_init(&self->reads, values, self->begins) == 0
             && operations_init(&self->attributed, attributed, count) == 0
             && (!self->has_unattributed || self->is_shared
                 || operations_init(&self->unattributed, unattributed, count) == 0)) {
        return (PyObject *)self;
    }
    Py_DECREF(self);
    return NULL;
}

static int
program_traverse(PyObject *object, visitproc visit, void *arg)
{
    Program *self = (Program *)object;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->otherwise);
    Py_VISIT(self->postback);
    Py_VISIT(self->layout.type);
    return reads_visit(&self->reads, visit, arg);
}

static int
program_clear(PyObject *object)
{
    Program *self = (Program *)object;
    Py_CLEAR(self->otherwise);
    Py_CLEAR(self->postback);
    Py_CLEAR(self->layout.type);
    reads_clear(&self->reads);
    return 0;
}

static void
program_dealloc(PyObject *object)
{
    Program *self = (Program *)object;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    program_clear(object);
    operations_clear(&self->attributed);
    operations_clear(&self->unattributed);
    PyMem_Free(self->begins);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef program_methods[] = {
    {"render_many", program_render_many, METH_O, render_many_doc},
    {NULL, NULL, 0, NULL},
};

/* Tells Python the offset of the vectorcall function in an instance. */
static PyMemberDef program_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Program, call), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

PyDoc_STRVAR(program_doc,
"Program(event_type, postback, limit, values, attributed, unattributed, otherwise, /)\n--\n\n"
"Renders an event as `otherwise` does, in one call where it can.");

static PyType_Slot program_slots[] = {
    {Py_tp_doc, (void *)program_doc},
    {Py_tp_new, program_new},
    {Py_tp_call, PyVectorcall_Call},
    {Py_tp_traverse, program_traverse},
    {Py_tp_clear, program_clear},
    {Py_tp_dealloc, program_dealloc},
    {Py_tp_methods, program_methods},
    {Py_tp_members, program_members},
    {0, NULL},
};

PyType_Spec program_spec = {
    .name = "macroengine._speedups.Program",
    .basicsize = sizeof(Program),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = program_slots,
};
