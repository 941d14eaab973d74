/* The type FanOut renders one event for many templates. Each distinct value is encoded once, into a separate buffer,
 * and then copied into each URL that contains it.
 *
 * A FanOut owns a reference to the class of events, the objects that its Reads own, and the memory of its postbacks. It
 * is a heap type and never changes, like Program; program.c explains what that means for traverse, clear and dealloc.
 */

#include "program.h"

typedef struct {
    Operations operations;
    Py_ssize_t limit;
    char is_sent; /* whether the template is sent for these events */
} Postback;

typedef struct {
    PyObject_HEAD
    EventLayout layout;
    Compress sha1;
    Reads reads;
    uint32_t *begins;
    Py_ssize_t value_count;
    Postback *postbacks;
    Py_ssize_t postback_count;
} FanOut;

static Outcome
make_values(const FanOut *self, PyObject *const *sources, Buffer *buffer, Made *made)
{
    for (Py_ssize_t i = 0; i < self->value_count; i++) {
        Py_ssize_t before = buffer->size;
        const Read *read = self->reads.items + self->begins[i];
        PyObject *value = found_in(sources[read->source], read->field);
        Outcome outcome = append_value(buffer, read, value, sources, self->sha1);
        if (outcome < 0) {
            return outcome;
        }
        made[i] = (Made){.at = before, .size = outcome == MISSING ? -1 : buffer->size - before};
    }
    /* Any URL with non-ASCII text is rendered in Python. */
    return buffer->is_utf8 ? HANDED_OVER : DONE;
}

/* Set `urls` to a new list of URLs, with None for a template that is not sent; set it to NULL unless the outcome is
 * DONE. PyList_SET_ITEM takes over the reference to the URL. It is only for new lists, which contain NULL everywhere.
 */
static Outcome
put_urls(const FanOut *self, const Values *values, PyObject **urls)
{
    Outcome outcome = DONE;
    Buffer buffer;
    buffer_init(&buffer);
    *urls = PyList_New(self->postback_count);
    for (Py_ssize_t i = 0; *urls != NULL && i < self->postback_count; i++) {
        const Postback *postback = &self->postbacks[i];
        buffer.size = 0;
        outcome = postback->is_sent ? operations_run(&postback->operations, values, postback->limit, &buffer) : DONE;
        PyObject *url = outcome != DONE ? NULL : postback->is_sent ? buffer_text(&buffer) : Py_NewRef(Py_None);
        if (url == NULL) {
            Py_CLEAR(*urls);
            break;
        }
        PyList_SET_ITEM(*urls, i, url);
    }
    buffer_free(&buffer);
    return outcome != DONE ? outcome : *urls == NULL ? RAISED : DONE;
}

PyDoc_STRVAR(render_doc,
"render($self, event, /)\n--\n\n"
"Return the URLs of an event; None where Python is to render it.");

static PyObject *
fan_out_render(PyObject *object, PyObject *event)
{
    FanOut *self = (FanOut *)object;
    PyObject *sources[SOURCE_COUNT];
    if (!Py_IS_TYPE(event, self->layout.type) || !take_sources(&self->layout, event, sources)) {
        Py_RETURN_NONE;
    }
    PyObject *urls = NULL;
    Made *made = PyMem_Malloc((self->value_count + 1) * sizeof *made);
    Buffer buffer;
    buffer_init(&buffer);
    Outcome outcome = made == NULL ? RAISED : make_values(self, sources, &buffer, made);
    if (made == NULL) {
        PyErr_NoMemory();
    }
    if (outcome == DONE) {
        Values values = {.made = made, .made_text = buffer.data};
        outcome = put_urls(self, &values, &urls);
    }
    give_back_sources(sources);
    buffer_free(&buffer);
    PyMem_Free(made);
    if (outcome == HANDED_OVER) {
        Py_RETURN_NONE;
    }
    return urls;
}

static int
postback_init(Postback *postback, PyObject *described, Py_ssize_t value_count)
{
    PyObject *segments;
    if (described == Py_None) {
        return 0;
    }
    if (!PyTuple_Check(described) || !PyArg_ParseTuple(described, "On:postback", &segments, &postback->limit)) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_TypeError, "a postback is a tuple of its segments and its limit, or None");
        }
        return -1;
    }
    postback->is_sent = 1;
    return operations_init(&postback->operations, segments, value_count);
}

/* FanOut(event type, values, postbacks) */
static PyObject *
fan_out_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(keywords))
{
    PyObject *event_type, *values, *postbacks;
    if (!PyArg_ParseTuple(args, "OO!O!:FanOut", &event_type, &PyTuple_Type, &values, &PyTuple_Type, &postbacks)) {
        return NULL;
    }
    ModuleState *state = PyType_GetModuleState(type);
    FanOut *self = state == NULL ? NULL : (FanOut *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->sha1 = state->sha1;
    self->value_count = PyTuple_GET_SIZE(values);
    Py_ssize_t count = PyTuple_GET_SIZE(postbacks);
    self->begins = PyMem_Calloc(self->value_count + 1, sizeof *self->begins);
    self->postbacks = PyMem_Calloc(count + 1, sizeof *self->postbacks);
    int failed = self->begins == NULL || self->postbacks == NULL;
    if (failed) {
        PyErr_NoMemory();
    }
    failed = failed || event_layout_init(&self->layout, event_type) < 0
             || reads_init(&self->reads, values, self->begins) < 0;
    for (Py_ssize_t i = 0; !failed && i < count; i++) {
        self->postback_count = i + 1;
        failed = postback_init(&self->postbacks[i], PyTuple_GET_ITEM(postbacks, i), self->value_count) < 0;
    }
    if (failed) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static int
fan_out_traverse(PyObject *object, visitproc visit, void *arg)
{
    FanOut *self = (FanOut *)object;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->layout.type);
    return reads_visit(&self->reads, visit, arg);
}

static int
fan_out_clear(PyObject *object)
{
    FanOut *self = (FanOut *)object;
    Py_CLEAR(self->layout.type);
    reads_clear(&self->reads);
    return 0;
}

static void
fan_out_dealloc(PyObject *object)
{
    FanOut *self = (FanOut *)object;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    fan_out_clear(object);
    for (Py_ssize_t i = 0; i < self->postback_count; i++) {
        operations_clear(&self->postbacks[i].operations);
    }
    PyMem_Free(self->postbacks);
    PyMem_Free(self->begins);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef fan_out_methods[] = {
    {"render", fan_out_render, METH_O, render_doc},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(fan_out_doc,
"FanOut(event_type, values, postbacks, /)\n--\n\n"
"Renders one event for many templates.");

static PyType_Slot fan_out_slots[] = {
    {Py_tp_doc, (void *)fan_out_doc},
    {Py_tp_new, fan_out_new},
    {Py_tp_traverse, fan_out_traverse},
    {Py_tp_clear, fan_out_clear},
    {Py_tp_dealloc, fan_out_dealloc},
    {Py_tp_methods, fan_out_methods},
    {0, NULL},
};

PyType_Spec fan_out_spec = {
    .name = "macroengine._speedups.FanOut",
    .basicsize = sizeof(FanOut),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = fan_out_slots,
};
