/* Every operation's beginning; each lives in the file of its name and reads downwards there. */
#ifndef DAEMON_OPERATIONS_H
#define DAEMON_OPERATIONS_H

struct task;

void submit_begin(struct task *t);
void bulk_begin(struct task *t);

/* attachment.c */
void upload_begin(struct task *t);
void download_begin(struct task *t);

void assess_begin(struct task *t);
void list_begin(struct task *t);
void show_begin(struct task *t);
void history_begin(struct task *t);
void act_begin(struct task *t);
void inbox_begin(struct task *t);
void events_begin(struct task *t);

/* absence.c */
void absences_begin(struct task *t);
void absence_begin(struct task *t);
void absence_end_begin(struct task *t);

void queue_begin(struct task *t);
void history_of_queues_begin(struct task *t);

/* control.c */
void pause_begin(struct task *t);
void resume_begin(struct task *t);
void drain_begin(struct task *t);
void reconcile_begin(struct task *t);
void rebuild_begin(struct task *t);
void quiet_begin(struct task *t);
void unquiet_begin(struct task *t);

/* dead.c */
void dead_begin(struct task *t);
void dead_show_begin(struct task *t);
void requeue_begin(struct task *t);
void dead_delete_begin(struct task *t);

/* webhook.c */
void webhook_create_begin(struct task *t);
void webhooks_begin(struct task *t);
void webhook_show_begin(struct task *t);
void webhook_delete_begin(struct task *t);
void webhook_act_begin(struct task *t);
void deliveries_begin(struct task *t);
void statistics_begin(struct task *t);

/* checkpoint.c */
void checkpoint_begin(struct task *t);

/* session.c */
void session_begin(struct task *t);
void session_show_begin(struct task *t);
void session_end_begin(struct task *t);

/* signing.c */
void key_register_begin(struct task *t);
void keys_begin(struct task *t);
void key_revoke_begin(struct task *t);
void keys_require_begin(struct task *t);

/* reference.c */
void secretariats_begin(struct task *t);
void themes_begin(struct task *t);
void countries_begin(struct task *t);

/* health.c */
void livez_begin(struct task *t);
void readyz_begin(struct task *t);
void metrics_begin(struct task *t);

/* openapi.c */
void openapi_begin(struct task *t);

/* front.c */
void front_begin(struct task *t);
void page_begin(struct task *t);

#endif
