/* Every key name. All keys of one partition share the hash tag {pNN}, so that a function touches
 * one slot of a Redis Cluster.
 *
 *   lia:{p07}:req:<id>         hash    the record (record.h): state version country ref meta body
 *                                      inner
 *   lia:{p07}:hist:<id>        list    sealed history lines, oldest first
 *   lia:{p07}:idem:<who>:<hash> hash   Idempotency-Key record: f fingerprint, id, o operation;
 *                                      expires
 *   lia:{p07}:country:<CCC>    hash    n:<year>: last reference number
 *   lia:{p07}:decided:<CCC>    list    ids in the order decided, each with its sealed vector
 *                                      behind it (candidate_store.h); its length is the country's
 *                                      epoch
 *   lia:{p07}:refs             hash    reference -> id
 *   lia:{p07}:work             stream  what waits for the router; group `route`
 *   lia:{p07}:queued           hash    id -> entry in work
 *   lia:{p07}:delayed          zset    ids to try again, by time
 *   lia:{p07}:dead             zset    ids given up after eight attempts, by time
 *   lia:{p07}:events           stream  one entry a transition, ids only: the outbox
 *   lia:{p07}:audited          string  up to which entry of events the audit log is signed
 *   lia:{p07}:notice:<ntc_>    hash    what somebody is to be told (notice_store.h)
 *   lia:{p07}:outgoing         zset    notices by when to try them next
 *   lia:{p07}:undelivered      zset    notices given up, by time
 *   lia:{p07}:noticed:<whom>   zset    notices by time: of "mail", or of a webhook's id
 *   lia:{p07}:lessons          list    sealed lessons for the router, the newest last (lesson.h)
 *   lia:{p07}:verdicts         hash    "<id> <id>" -> what people said of that pair: verdict,
 *                                      engine's verdict, its probability, by whom, when (ms)
 *   lia:{p07}:halves           set     "<id> <id> <operation>": links whose second half may
 *                                      be due
 *   lia:{p07}:stats            hash    counters of the queue, wait histogram, requests by
 *                                      main topic
 *   lia:{p07}:waits:<YYYYMM>   hash    waits that ended in that month, by length (wait_store.h);
 *                                      expires
 *   lia:{p07}:by:all           zset    ids by updated_ms; also by:country:<CCC>, by:sec:<code>,
 *                                      by:state:<state>
 *   lia:{p07}:deadlines        zset    ids by wake_ms: when the clock demands something (timer.h)
 *   lia:{p07}:inbox:offer:<code>, inbox:claim:<code>, inbox:coordinator
 *                              zset    what waits for a secretariat or the desk (index.h)
 *   lia:{sys}:token:<id>       hash    a credential; lia:{sys}:tokens zset of all by issue time
 *   lia:{sys}:key:<lsk_>       hash    a key that requests are signed with: who public label issued
 *                                      expires revoked; lia:{sys}:keys:<who> hash of those not
 *                                      revoked, id -> expires; lia:{sys}:signing hash of those
 *                                      whose requests must be signed, who -> since
 *   lia:{sys}:nonce:<hash>     string  print of the signed request that used it; expires
 *   lia:{sys}:session:<hash>   hash    a signed-in browser (access.lua); expires
 *   lia:{sys}:failed:<address> string  failed sign-ins of the last minute; expires
 *   lia:{sys}:events           stream  one entry a change of a credential or session; and
 *                                      lia:{sys}:audited, as above
 *   lia:{sys}:sealed:<what>    string  how far the change of the master key is, of `values` here
 *                                      or of `files` of attachments: JSON
 *   lia:{sys}:keycheck         hash    kid -> a word sealed with that key (check.h)
 *   lia:{sys}:workers          hash    worker slot -> last heartbeat
 *   lia:{sys}:controls         hash    what operators have switched: pause:<queue> since when (ms),
 *                                      quiet:<slot> start of the process that is meant, rebuild;
 *                                      absent:<secretariat>:<officer> who is away (absence.h)
 *   lia:{sys}:totals            hash    counters of all programs (totals.h)
 *   lia:{sys}:barrier          string  written at every connect
 */
#ifndef STORE_KEYS_H
#define STORE_KEYS_H

#include "store/args.h"

/* Appends `lia:{pNN}:<name>` or, with rest, `lia:{pNN}:<name>:<rest>` as one word. */
void keys_add(struct args *a, unsigned partition, const char *name, const char *rest);
/* `lia:{sys}:<name>[:<rest>]` */
void keys_add_system(struct args *a, const char *name, const char *rest);

#endif
