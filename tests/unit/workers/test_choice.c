#include "workers/choice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ADDRESS "liaison@desk.example"

static struct words *words;

static int load(void **state)
{
    struct err e = {0};

    (void)state;
    return words_load(LIAISON_SOURCE_DIR "/config", &words, &e) != ERR_OK;
}

static int unload(void **state)
{
    (void)state;
    words_free(words);
    return 0;
}

static void test_three_words_in_six_languages(void **state)
{
    static const struct {
        const char *line;
        enum outcome outcome;
    } cases[] = {
        {"solved",             OUTCOME_RESOLVED    },
        {"  Solved!  ",        OUTCOME_RESOLVED    },
        {"RESOLVED.",          OUTCOME_RESOLVED    },
        {"Partly",             OUTCOME_PARTLY      },
        {"Not  solved",        OUTCOME_NOT_RESOLVED},
        {"resuelto",           OUTCOME_RESOLVED    },
        {"En parte.",          OUTCOME_PARTLY      },
        {"NO RESUELTO",        OUTCOME_NOT_RESOLVED},
        {"Résolu",            OUTCOME_RESOLVED    },
        {"resolu",             OUTCOME_RESOLVED    },
        {"partiellement",      OUTCOME_PARTLY      },
        {"« non résolu »",  OUTCOME_NOT_RESOLVED},
        {"Решено",       OUTCOME_RESOLVED    },
        {"частично",   OUTCOME_PARTLY      },
        {"Не решено.", OUTCOME_NOT_RESOLVED},
        {"已解决",          OUTCOME_RESOLVED    },
        {"部分解决。",    OUTCOME_PARTLY      },
        {"未解决",          OUTCOME_NOT_RESOLVED},
        {"حُلّ",           OUTCOME_RESOLVED    },
        {"حل",               OUTCOME_RESOLVED    },
        {"جزئياً",       OUTCOME_PARTLY      },
        {"لم يحل",        OUTCOME_NOT_RESOLVED},
        {"لم يُحلّ",    OUTCOME_NOT_RESOLVED}
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum outcome outcome = OUTCOME_NONE;
        const char *rest;
        char own[256];

        snprintf(own, sizeof own, "%s\nThe water law.", cases[i].line);
        if (choice_read(words, own, &outcome, &rest) != CHOICE_GOOD || outcome != cases[i].outcome)
            fail_msg("%s: %d", cases[i].line, outcome);
        assert_string_equal(rest, "The water law.");
    }
}

static void test_what_is_not_clear_is_not_guessed(void **state)
{
    static const struct {
        const char *own;
        enum choice_fault fault;
    } cases[] = {
        {"",                                         CHOICE_NONE           },
        {"Thank you, it is solved",                  CHOICE_NONE           },
        {"solved?? no",                              CHOICE_NONE           },
        {"unresolved",                               CHOICE_NONE           },
        {"partly solved",                            CHOICE_NONE           },
        {"yes",                                      CHOICE_NONE           },
        {"partly",                                   CHOICE_NOTHING_MISSING},
        {"not solved\n  \n",                         CHOICE_NOTHING_MISSING},
        {"solved\nBut the lake is not solved",       CHOICE_CONTRADICTION  },
        {"solved\n\nno resuelto",                    CHOICE_CONTRADICTION  },
        {"Résolu\nen partie seulement",             CHOICE_CONTRADICTION  },
        {"已解决\n但水的问题未解决",      CHOICE_CONTRADICTION  },
        {"not solved\nsolved",                       CHOICE_CONTRADICTION  },
        {"not solved\nThe first half was solved ok", CHOICE_GOOD           },
        {"solved",                                   CHOICE_GOOD           },
        {"solved\nThanks, departly yours",           CHOICE_GOOD           }
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum outcome outcome;
        const char *rest;
        enum choice_fault fault = choice_read(words, cases[i].own, &outcome, &rest);

        if (fault != cases[i].fault)
            fail_msg("%s: %d", cases[i].own, fault);
    }
}

static void test_only_the_persons_own_lines_count(void **state)
{
    static const struct {
        const char *text, *own;
    } cases[] = {
        {"Papyrus\n",                                                                    "Papyrus"              },
        {"\n \n  Papyrus\n\nand reed  \n\n",                                             "  Papyrus\n\nand reed"},
        {"Papyrus\n> old\nmore",                                                         "Papyrus"              },
        {"Papyrus\n-- \nAmina\n+254",                                                    "Papyrus"              },
        {"Papyrus\nOn Mon, Liaison <liaison@desk.example> wrote:\n> x",                  "Papyrus"              },
        {"Papyrus\n\nLe lun. 23 nov., Liaison <\nliaison@desk.example> a écrit :\n> x", "Papyrus"              },
        {"Papyrus\nFrom: Liaison <Liaison@Desk.example>\nSent: x",                       "Papyrus"              },
        {"Papyrus\n--- Please write above this line ---\nOld",                           "Papyrus"              },
        {"Papiro\n> --- Escriba encima de esta línea ---\nOld",                         "Papiro"               },
        {"纸莎草\n--- 请写在此行之上 ---\n旧",                                "纸莎草"            },
        {"> only a quotation\n",                                                         ""                     },
        {"",                                                                             ""                     }
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *own = choice_own_text(words, cases[i].text, ADDRESS);

        assert_string_equal(own, cases[i].own);
        free(own);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_three_words_in_six_languages),
        cmocka_unit_test(test_what_is_not_clear_is_not_guessed),
        cmocka_unit_test(test_only_the_persons_own_lines_count),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
