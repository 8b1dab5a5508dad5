#include "config/file.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum err_code file_read(const char *path, size_t limit_bytes, struct buf *ret_text, struct err *e)
{
    BUF_AUTO struct buf text = {0};
    enum err_code rc = ERR_OK;
    char chunk[16384];
    size_t n;
    FILE *f = fopen(path, "re");

    if (!f)
        return err_set(e, ERR_CONFIG, "cannot open %s: %s", path, strerror(errno));
    while (text.bytes <= limit_bytes && (n = fread(chunk, 1, sizeof chunk, f)) > 0)
        buf_add(&text, chunk, n);
    if (ferror(f))
        rc = err_set(e, ERR_CONFIG, "cannot read %s: %s", path, strerror(errno));
    else if (text.bytes > limit_bytes)
        rc = err_set(e, ERR_CONFIG, "%s: larger than %zu bytes", path, limit_bytes);
    fclose(f);
    if (rc != ERR_OK)
        return rc;
    *ret_text = text;
    text = (struct buf){0};
    return ERR_OK;
}

enum err_code file_secret_read(const char *path, char **ret_secret, struct err *e)
{
    BUF_AUTO struct buf text = {0};
    struct stat st;
    enum err_code rc;
    char *secret;

    if (stat(path, &st) || (st.st_mode & 077))
        return err_set(e, ERR_CONFIG, "%s: no such file, or others can read it", path);
    rc = file_read(path, FILE_SECRET_MAX, &text, e);
    if (rc != ERR_OK)
        return rc;
    secret = sodium_malloc(text.bytes + 1);
    if (!secret)
        bug("no guarded memory");
    memcpy(secret, buf_text(&text), text.bytes + 1);
    secret[strcspn(secret, "\r\n")] = '\0';
    sodium_memzero(text.text, text.bytes);
    *ret_secret = secret;
    return ERR_OK;
}

char *file_path(const char *dir, const char *name)
{
    struct buf path = {0};

    buf_printf(&path, "%s/%s", dir, name);
    return buf_take(&path);
}

static bool name_fits(const char *name, const char *suffix)
{
    size_t bytes = strlen(name);
    size_t suffix_bytes = strlen(suffix);

    return name[0] != '.' && bytes > suffix_bytes && !strcmp(name + bytes - suffix_bytes, suffix);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

enum err_code file_list_read(const char *dir, const char *suffix, struct file_list *ret_list,
                             struct err *e)
{
    struct file_list list = {0};
    const struct dirent *entry;
    DIR *d = opendir(dir);

    if (!d)
        return err_set(e, ERR_CONFIG, "cannot open folder %s: %s", dir, strerror(errno));
    while ((errno = 0, entry = readdir(d)) != NULL) {
        if (!name_fits(entry->d_name, suffix))
            continue;
        list.names = mem_grow(list.names, list.names_n + 1, sizeof *list.names);
        list.names[list.names_n++] = mem_text(entry->d_name);
    }
    if (errno != 0) {
        err_set(e, ERR_CONFIG, "cannot read folder %s: %s", dir, strerror(errno));
        file_list_clear(&list);
        closedir(d);
        return ERR_CONFIG;
    }
    closedir(d);
    if (list.names_n)
        qsort(list.names, list.names_n, sizeof *list.names, by_name);
    *ret_list = list;
    return ERR_OK;
}

void file_list_clear(struct file_list *l)
{
    for (size_t i = 0; i < l->names_n; i++)
        free(l->names[i]);
    free(l->names);
    *l = (struct file_list){0};
}
