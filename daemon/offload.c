#include "daemon/offload.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct job {
    struct job *next;
    offload_work_fn work;
    offload_done_fn done;
    void *arg;
};

struct list {
    struct job *first, **last;
};

struct offload {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t came;
    struct list waiting, worked; /* under the lock, as is stopping */
    bool stopping;
    int fd;             /* owned: told when something was worked */
    struct event *told; /* owned */
};

static void list_init(struct list *l)
{
    l->first = NULL;
    l->last = &l->first;
}

static void list_add(struct list *l, struct job *j)
{
    j->next = NULL;
    *l->last = j;
    l->last = &j->next;
}

static struct job *list_take(struct list *l)
{
    struct job *j = l->first;

    if (j && !(l->first = j->next))
        l->last = &l->first;
    return j;
}

static void *offload_thread(void *arg)
{
    struct offload *o = arg;
    const uint64_t one = 1;
    struct job *j;

    pthread_mutex_lock(&o->lock);
    while (o->waiting.first || !o->stopping) {
        if (!(j = list_take(&o->waiting))) {
            pthread_cond_wait(&o->came, &o->lock);
            continue;
        }
        pthread_mutex_unlock(&o->lock);
        j->work(j->arg);
        pthread_mutex_lock(&o->lock);
        list_add(&o->worked, j);
        if (write(o->fd, &one, sizeof one) < 0 && errno != EAGAIN)
            bug("eventfd");
    }
    pthread_mutex_unlock(&o->lock);
    return NULL;
}

static void offload_told(evutil_socket_t fd, short what, void *arg)
{
    struct offload *o = arg;
    uint64_t n;
    struct job *j;

    (void)what;
    if (read(fd, &n, sizeof n) < 0 && errno != EAGAIN)
        bug("eventfd");
    for (;;) {
        pthread_mutex_lock(&o->lock);
        j = list_take(&o->worked);
        pthread_mutex_unlock(&o->lock);
        if (!j)
            return;
        j->done(j->arg);
        free(j);
    }
}

/* Signals are for the loop. */
static bool thread_begin(struct offload *o)
{
    sigset_t all, before;
    bool good;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    good = pthread_create(&o->thread, NULL, offload_thread, o) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return good;
}

enum err_code offload_new(struct event_base *base, struct offload **ret_offload, struct err *e)
{
    struct offload *o = mem_new(1, sizeof *o);

    list_init(&o->waiting);
    list_init(&o->worked);
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->came, NULL);
    o->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    o->told = o->fd < 0 ? NULL : event_new(base, o->fd, EV_READ | EV_PERSIST, offload_told, o);
    if (!o->told || event_add(o->told, NULL) || !thread_begin(o)) {
        err_set(e, ERR_IO, "no thread for the disk: %s", strerror(errno));
        if (o->told)
            event_free(o->told);
        if (o->fd >= 0)
            close(o->fd);
        free(o);
        return ERR_IO;
    }
    *ret_offload = o;
    return ERR_OK;
}

void offload_run(struct offload *o, offload_work_fn work, offload_done_fn done, void *job)
{
    struct job *j = mem_new(1, sizeof *j);

    *j = (struct job){.work = work, .done = done, .arg = job};
    pthread_mutex_lock(&o->lock);
    list_add(&o->waiting, j);
    pthread_cond_signal(&o->came);
    pthread_mutex_unlock(&o->lock);
}

void offload_free(struct offload *o)
{
    if (!o)
        return;
    pthread_mutex_lock(&o->lock);
    o->stopping = true;
    pthread_cond_signal(&o->came);
    pthread_mutex_unlock(&o->lock);
    pthread_join(o->thread, NULL);
    offload_told(o->fd, 0, o);
    event_free(o->told);
    close(o->fd);
    pthread_mutex_destroy(&o->lock);
    pthread_cond_destroy(&o->came);
    free(o);
}
