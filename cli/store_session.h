/* The store for commands that work on the server: calls that wait for their answer.
 *
 *   open (settings, keys, link) -> put / get / ids .. -> close
 *
 * The event loop runs only inside these functions, until what was asked is answered. */
#ifndef CLI_STORE_SESSION_H
#define CLI_STORE_SESSION_H

#include "config/setting.h"
#include "store/token_store.h"

struct health;
struct line;
struct store_info;
struct store_session; /* opaque */

/* ERR_CONFIG: settings or keys are wrong. Whether the store answers shows at the first call. */
enum err_code store_session_open(const struct line *line, struct store_session **ret_session,
                                 struct err *e) ERR_CHECK;
void store_session_close(struct store_session *s);
const struct settings *store_session_settings(const struct store_session *s);
const struct keyring *store_session_keyring(const struct store_session *s);

/* All: ERR_UNAVAILABLE when the store does not answer, ERR_CONFIG when it is not fit for us. */

/* Writes n credentials, ids[i] for list[i], many at a time. action: see token_store_put. */
enum err_code store_session_put(struct store_session *s, const char (*ids)[TOKEN_ID_BYTES],
                                const struct credential *list, size_t n, const char *action,
                                struct err *e) ERR_CHECK;
/* ERR_NOT_FOUND: there is none. */
enum err_code store_session_get(struct store_session *s, const char *id,
                                struct credential *ret_credential, struct err *e) ERR_CHECK;
enum err_code store_session_revoke(struct store_session *s, const char *id,
                                   struct err *e) ERR_CHECK;
/* The requests of who need not be signed any more (signing_store.h). */
enum err_code store_session_release(struct store_session *s, const struct principal *who,
                                    struct err *e) ERR_CHECK;
/* How far the change of the master key is (reseal_store.h); new reference, NULL: nobody has said.
 */
enum err_code store_session_sealed(struct store_session *s, const char *name, json_t **ret_doc,
                                   struct err *e) ERR_CHECK;
/* The store may be opened without this key from now on. */
enum err_code store_session_forget(struct store_session *s, uint32_t kid, struct err *e) ERR_CHECK;
/* New reference to an array of texts, oldest first. */
enum err_code store_session_ids(struct store_session *s, json_t **ret_ids, struct err *e) ERR_CHECK;
/* New reference to an array of the lessons of all partitions (protocol/lesson.h), those of a
 * partition oldest first. *ret_unreadable_n: those that no key opens are left out. */
enum err_code store_session_lessons(struct store_session *s, json_t **ret_lessons,
                                    size_t *ret_unreadable_n, struct err *e) ERR_CHECK;

/* What Redis says of itself. */
enum err_code store_session_info(struct store_session *s, struct store_info *ret_info,
                                 struct err *e) ERR_CHECK;
/* Only the workers of ret_health are filled. */
enum err_code store_session_workers(struct store_session *s, struct health *ret_health,
                                    struct err *e) ERR_CHECK;

/* Entries of a stream behind `after` as the audit log has them: new reference to an array of stream
 * id, line, stream id, line, .. */
enum err_code store_session_audit(struct store_session *s, unsigned stream, const char *after,
                                  unsigned max, json_t **ret_lines, struct err *e) ERR_CHECK;

#endif
