/* Any bytes as a settings file and as a table of reference data. What must hold:
 *   - a fault names the file, and leaves the settings as they were;
 *   - what is taken can be printed and read again, and is the same then;
 *   - each row of a table has as many cells as its heading, all of them text. */
#include "base/utf8.h"
#include "config/contact.h"
#include "config/csv.h"
#include "config/setting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define must(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n);

/* The path of a file that is only memory, with these bytes. */
static void put(const void *bytes, size_t n, char path[40], int *ret_fd)
{
    *ret_fd = memfd_create("fuzz", 0);
    must(*ret_fd >= 0 && write(*ret_fd, bytes, n) == (ssize_t)n);
    snprintf(path, 40, "/proc/self/fd/%d", *ret_fd);
}

static char *print(const struct settings *s, size_t *ret_n)
{
    char *text = NULL;
    FILE *f = open_memstream(&text, ret_n);

    must(f);
    settings_print(s, f);
    must(fclose(f) == 0);
    return text;
}

static void check_settings(const char *path)
{
    struct settings s = {.listen = "untouched"};
    struct settings again;
    struct err e = {0};
    size_t n, again_n;
    char *text, *again_text;
    char copy[40];
    int fd;

    if (settings_load(path, &s, &e) != ERR_OK) {
        must(e.code == ERR_CONFIG && e.detail[0] && !strcmp(s.listen, "untouched"));
        return;
    }
    text = print(&s, &n);
    put(text, n, copy, &fd);
    if (settings_load(copy, &again, &e) != ERR_OK) {
        fprintf(stderr, "%s\n%s", e.detail, text);
        abort();
    }
    again_text = print(&again, &again_n);
    must(n == again_n && !memcmp(text, again_text, n));
    must(!settings_adopt(&s, &again));
    close(fd);
    free(again_text);
    free(text);
}

static enum err_code check_row(void *arg, const struct csv *row, struct err *e)
{
    size_t *columns_n = arg;
    const char *rest, *part;
    size_t bytes, left;

    (void)e;
    must(row->columns_n > 0 && row->columns_n <= 64);
    must(!*columns_n || *columns_n == row->columns_n);
    *columns_n = row->columns_n;
    for (size_t i = 0; i < row->columns_n; i++) {
        must(utf8_is_valid(row->cells[i], strlen(row->cells[i])));
        rest = row->cells[i];
        left = strlen(rest);
        while (csv_part(&rest, &part, &bytes)) {
            must(bytes <= left);
            must(part >= row->cells[i] && part + bytes <= row->cells[i] + left);
        }
    }
    return ERR_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n)
{
    struct contacts contacts = {.n = 0};
    struct err e = {0};
    size_t columns_n = 0;
    char path[40];
    int fd;

    put(input, n, path, &fd);
    check_settings(path);
    if (csv_read(path, check_row, &columns_n, &e) != ERR_OK)
        must(e.code == ERR_CONFIG && e.detail[0]);
    if (contacts_load(path, &contacts, &e) == ERR_OK)
        contacts_clear(&contacts);
    close(fd);
    return 0;
}
