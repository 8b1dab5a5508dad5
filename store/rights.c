#include "store/rights.h"

#include "base/err.h"

#include <stdio.h>
#include <string.h>

/* What follows the command's name so that the store would accept it; K: a key that every user may
 * write. A right that is not here takes K and one more word. */
static const struct {
    const char *right;
    const char *rest;
    bool reads; /* touches no more than one key, to read it */
} examples[] = {
    {"acl|dryrun",       "default ping",          false},
    {"auth",             "x x",                   false},
    {"config|get",       "save",                  false},
    {"del",              "K",                     false},
    {"exists",           "K",                     false},
    {"fcall",            "barrier_v1 1 K",        false},
    {"fcall_ro",         "health_v1 1 K",         false},
    {"function|list",    "",                      false},
    {"function|load",    "x",                     false},
    {"get",              "K",                     true },
    {"hgetall",          "K",                     true },
    {"hget",             "K x",                   true },
    {"hincrby",          "K x 1",                 false},
    {"hkeys",            "K",                     true },
    {"hvals",            "K",                     true },
    {"hlen",             "K",                     true },
    {"hmget",            "K x",                   true },
    {"hset",             "K x x",                 false},
    {"hsetnx",           "K x x",                 false},
    {"incr",             "K",                     false},
    {"info",             "",                      false},
    {"llen",             "K",                     false},
    {"lrange",           "K 0 1",                 true },
    {"lset",             "K 0 x",                 false},
    {"ltrim",            "K 0 1",                 false},
    {"persist",          "K",                     false},
    {"ping",             "",                      false},
    {"pttl",             "K",                     false},
    {"role",             "",                      false},
    {"set",              "K x",                   false},
    {"srandmember",      "K",                     false},
    {"time",             "",                      false},
    {"xack",             "K x 0",                 false},
    {"xadd",             "K * x x",               false},
    {"xautoclaim",       "K x x 0 0",             false},
    {"xgroup|create",    "K x 0",                 false},
    {"xinfo|groups",     "K",                     false},
    {"xinfo|stream",     "K",                     false},
    {"xlen",             "K",                     false},
    {"xrange",           "K - +",                 true },
    {"xread",            "STREAMS K 0",           false},
    {"xreadgroup",       "GROUP x x STREAMS K 0", false},
    {"xrevrange",        "K + -",                 false},
    {"zadd",             "K 0 x",                 false},
    {"zcard",            "K",                     false},
    {"zcount",           "K 0 1",                 false},
    {"zintercard",       "1 K",                   false},
    {"zrange",           "K 0 1",                 true },
    {"zremrangebyscore", "K 0 1",                 false},
    {"zrevrange",        "K 0 1",                 false},
};

static const char any_key[] = "lia:{sys}:barrier";

enum { EXAMPLES_N = sizeof examples / sizeof examples[0], WORD_MAX = 128 };

static size_t example_of(const char *right)
{
    size_t i = 0;

    while (i < EXAMPLES_N && strcmp(examples[i].right, right) != 0)
        i++;
    return i;
}

/* words, apart at blanks, with key in place of K */
static void add_words(struct args *a, const char *words, const char *key)
{
    while (*words) {
        size_t n = strcspn(words, " ");

        if (n == 1 && *words == 'K')
            args_add(a, key);
        else
            args_add_n(a, words, n);
        words += n + (words[n] == ' ');
    }
}

/* right: "hget" or "config|get" */
static void add_command(struct args *a, const char *right, const char *key)
{
    const char *line = strchr(right, '|');
    size_t i = example_of(right);

    args_add_n(a, right, line ? (size_t)(line - right) : strlen(right));
    if (line)
        args_add(a, line + 1);
    add_words(a, i < EXAMPLES_N ? examples[i].rest : "K x", key);
}

/* A key that the pattern stands for. */
static void key_like(const char *pattern, char out[WORD_MAX])
{
    size_t n = 0;

    while (*pattern && n + 1 < WORD_MAX) {
        const char *end = *pattern == '[' ? strchr(pattern, ']') : NULL;

        if (end) {
            out[n++] = pattern[1];
            pattern = end + 1;
        } else {
            out[n++] = *pattern == '*' ? 'x' : *pattern;
            pattern++;
        }
    }
    out[n] = '\0';
}

/* The line "user NAME .." of this user; NULL: there is none. */
static const char *line_of(const char *user)
{
    size_t n = strlen(user);

    for (const char *line = rights_text; line && *line;) {
        const char *end = strchr(line, '\n');

        if (!strncmp(line, "user ", 5) && !strncmp(line + 5, user, n) && line[5 + n] == ' ')
            return line + 5 + n;
        line = end ? end + 1 : NULL;
    }
    return NULL;
}

/* The next word of the line at *at, up to its end. */
static bool word_next(const char **at, char out[WORD_MAX])
{
    size_t n;

    *at += strspn(*at, " ");
    n = strcspn(*at, " \n");
    if (n >= WORD_MAX)
        bug("a right of %zu bytes", n);
    memcpy(out, *at, n);
    out[n] = '\0';
    *at += n;
    return n > 0;
}

/* A right of this user by which one key can be read. */
static const char *reader_of(const char *user)
{
    const char *at = line_of(user);
    char word[WORD_MAX];

    while (at && word_next(&at, word)) {
        size_t i = *word == '+' ? example_of(word + 1) : EXAMPLES_N;

        if (i < EXAMPLES_N && examples[i].reads)
            return examples[i].right;
    }
    return "get";
}

bool rights_next(struct rights_scan *scan, struct args *ret_args)
{
    char word[WORD_MAX];
    char key[WORD_MAX];

    if (!scan->at)
        scan->at = line_of(scan->user);
    while (scan->at && word_next(&scan->at, word)) {
        const char *pattern = strchr(word, '~');

        if (*word != '+' && !pattern)
            continue;
        args_add(ret_args, "ACL");
        args_add(ret_args, "DRYRUN");
        args_add(ret_args, scan->user);
        if (pattern)
            key_like(pattern + 1, key);
        if (!pattern)
            add_command(ret_args, word + 1, any_key);
        else if (*word == '%')
            add_command(ret_args, reader_of(scan->user), key);
        else
            add_command(ret_args, "fcall", key);
        return true;
    }
    return false;
}
