#include "config/load.h"

#include "config/file.h"

#include <errno.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HASH_BYTES = 32, FILE_BYTES_MAX = 16 << 20 };

/* What steers routing. Words for people (messages.csv) and who is told of what (notices.csv) do
 * not. */
static const char *const ruleset_files[] = {"secretariats.csv", "topics.csv",     "facts.csv",
                                            "referrals.csv",    "countries.csv",  "parties.csv",
                                            "sites.csv",        "species.csv",    "routing.csv",
                                            "classes.csv",      "supporters.csv", "similar.csv"};

/* Name, NUL, length in 8 bytes, bytes: no two lists of files look the same. */
static enum err_code hash_file(crypto_generichash_state *state, const char *dir, const char *name,
                               struct err *e)
{
    BUF_AUTO struct buf text = {0};
    unsigned char length[8];
    char *path = file_path(dir, name);
    enum err_code rc = file_read(path, FILE_BYTES_MAX, &text, e);

    free(path);
    if (rc != ERR_OK)
        return rc;
    for (size_t i = 0; i < sizeof length; i++)
        length[i] = (unsigned char)(((uint64_t)text.bytes >> (8 * i)) & 0xff);
    crypto_generichash_update(state, (const unsigned char *)name, strlen(name) + 1);
    crypto_generichash_update(state, length, sizeof length);
    crypto_generichash_update(state, (const unsigned char *)buf_text(&text), text.bytes);
    return ERR_OK;
}

static enum err_code hash_terms(crypto_generichash_state *state, const char *dir, struct err *e)
{
    struct file_list files = {0};
    char *folder = file_path(dir, "terms");
    enum err_code rc = file_list_read(folder, ".csv", &files, e);

    for (size_t i = 0; rc == ERR_OK && i < files.names_n; i++) {
        char *name = file_path("terms", files.names[i]);

        rc = hash_file(state, dir, name, e);
        free(name);
    }
    file_list_clear(&files);
    free(folder);
    return rc;
}

static enum err_code ruleset_read(const char *dir, char ret_ruleset[17], struct err *e)
{
    crypto_generichash_state state;
    unsigned char hash[HASH_BYTES];
    enum err_code rc = ERR_OK;

    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    for (size_t i = 0; rc == ERR_OK && i < sizeof ruleset_files / sizeof ruleset_files[0]; i++)
        rc = hash_file(&state, dir, ruleset_files[i], e);
    if (rc == ERR_OK)
        rc = hash_terms(&state, dir, e);
    if (rc != ERR_OK)
        return rc;
    crypto_generichash_final(&state, hash, sizeof hash);
    sodium_bin2hex(ret_ruleset, 17, hash, 8);
    return ERR_OK;
}

/* The build makes it, so a folder of the repository may lack it. Its bytes are checked by
 * lexicon_open. */
static enum err_code lexicon_read(const char *dir, struct buf *ret_bytes, struct err *e)
{
    char *path = file_path(dir, "lexicon.bin");
    enum err_code rc = ERR_OK;

    if (access(path, F_OK) == 0 || errno != ENOENT)
        rc = file_read(path, LEXICON_BYTES_MAX, ret_bytes, e);
    free(path);
    return rc;
}

static enum err_code config_read(const char *dir, struct config *c, struct err *e)
{
    char after[sizeof c->ruleset];
    enum err_code rc;

    if ((rc = ruleset_read(dir, c->ruleset, e)) || (rc = mandate_load(dir, &c->mandate, e)) ||
        (rc = world_load(dir, &c->mandate, &c->world, e)) ||
        (rc = terms_load(dir, &c->mandate, &c->terms, e)) ||
        (rc = weights_load(dir, &c->weights, e)) || (rc = likeness_load(dir, &c->likeness, e)) ||
        (rc = class_weights_load(dir, "classes.csv", &c->mandate, &c->terms, &c->classes, e)) ||
        (rc = class_weights_load(dir, "supporters.csv", &c->mandate, &c->terms, &c->supporters,
                                 e)) ||
        (rc = words_load(dir, &c->words, e)) ||
        (rc = calendars_load(dir, &c->mandate, &c->calendars, e)) ||
        (rc = notices_load(dir, &c->notices, e)) || (rc = lexicon_read(dir, &c->lexicon, e)) ||
        (rc = ruleset_read(dir, after, e)))
        return rc;
    c->weights.classes = &c->classes;
    c->weights.supporters = &c->supporters;
    if (strcmp(c->ruleset, after) != 0) /* the hash would name rules that nobody loaded */
        return err_set(e, ERR_CONFIG, "%s: files changed while they were read; try again", dir);
    return ERR_OK;
}

enum err_code config_load(const char *dir, struct config **ret_config, struct err *e)
{
    struct config *c = mem_new(1, sizeof *c);
    enum err_code rc = config_read(dir, c, e);

    if (rc == ERR_OK)
        *ret_config = c;
    else
        config_free(c);
    return rc;
}

void config_free(struct config *c)
{
    if (!c)
        return;
    world_clear(&c->world);
    class_weights_clear(&c->classes);
    class_weights_clear(&c->supporters);
    terms_clear(&c->terms);
    words_free(c->words);
    calendars_clear(&c->calendars);
    buf_clear(&c->lexicon);
    free(c);
}
