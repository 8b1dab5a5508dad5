/* systemd's two small protocols, without its library: readiness (sd_notify(3)) and sockets handed
 * over at start (sd_listen_fds(3)). Without systemd all of it does nothing. */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include "base/err.h"

struct http_server;

/* Sends state lines such as "READY=1" to $NOTIFY_SOCKET; silent when there is none. */
void notify_send(const char *state);
/* RELOADING=1 with the monotonic time that systemd asks for. */
void notify_reloading(void);
/* Listens on the sockets that systemd has handed over, else on `where` (http.h). */
enum err_code notify_listen(struct http_server *server, const char *where, struct err *e) ERR_CHECK;

#endif
