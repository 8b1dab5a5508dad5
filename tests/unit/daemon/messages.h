/* Reads tests/cases/http/malformed.tsv; its first lines say how it is written. */
#ifndef TESTS_UNIT_DAEMON_MESSAGES_H
#define TESTS_UNIT_DAEMON_MESSAGES_H

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MESSAGES_PATH LIAISON_SOURCE_DIR "/tests/cases/http/malformed.tsv"
#define MESSAGES_MAX 512

struct message {
    char *row; /* owned; the line of the file, cut at its tabs: the bytes as written */
    const char *note;
    int status;       /* 0: incomplete, 200: accepted */
    struct buf bytes; /* owned */
};

struct messages {
    struct message rows[MESSAGES_MAX];
    size_t rows_n;
};

/* Appends what text means, up to its end or the brace that ends a repetition; returns the rest. */
static inline const char *message_unescape(const char *text, struct buf *out)
{
    while (*text && *text != '}') {
        char two[3] = {0};
        char *end = NULL;
        unsigned long times;
        char c;

        if (*text != '\\') {
            buf_add(out, text++, 1);
            continue;
        }
        text += 2;
        switch (text[-1]) {
        case 'R':
            times = strtoul(text, &end, 10);
            text = end;
            for (unsigned long i = 0; i < times; i++)
                text = message_unescape(end + 1, out);
            text++;
            continue;
        case 'x':
            memcpy(two, text, 2);
            c = (char)strtoul(two, &end, 16);
            assert_int_equal(end - two, 2);
            text += 2;
            break;
        case 'r':
            c = '\r';
            break;
        case 'n':
            c = '\n';
            break;
        case 't':
            c = '\t';
            break;
        default:
            c = text[-1];
            break;
        }
        buf_add(out, &c, 1);
    }
    return text;
}

static inline struct messages *messages_read(void)
{
    struct messages *all = calloc(1, sizeof *all);
    FILE *in = fopen(MESSAGES_PATH, "re");
    char line[1024];

    assert_non_null(in);
    assert_non_null(all);
    while (fgets(line, sizeof line, in)) {
        struct message *m = &all->rows[all->rows_n];
        char *tab;

        if (line[0] == '#')
            continue;
        assert_true(all->rows_n < MESSAGES_MAX);
        line[strcspn(line, "\n")] = '\0';
        m->row = strdup(line);
        tab = strchr(m->row, '\t');
        assert_non_null(tab);
        *tab = '\0';
        m->status = (int)strtol(tab + 1, &tab, 10);
        m->note = tab + 1;
        assert_int_equal(*message_unescape(m->row, &m->bytes), '\0');
        all->rows_n++;
    }
    fclose(in);
    assert_true(all->rows_n >= 150);
    return all;
}

static inline void messages_free(struct messages *all)
{
    for (size_t i = 0; i < all->rows_n; i++) {
        free(all->rows[i].row);
        buf_clear(&all->rows[i].bytes);
    }
    free(all);
}

#endif
