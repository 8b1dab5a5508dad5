#include "protocol/request.h"

#include "protocol/record.h"

#include <stddef.h>
#include <string.h>

static const char *const scale_words[] = {"LOCAL",    "NATIONAL",      "SUBREGIONAL",
                                          "REGIONAL", "INTERNATIONAL", NULL};
static const char *const firm_words[] = {"estimated", "fixed", NULL};
static const char *const arrears_words[] = {"paid", "unknown", NULL};

/* clang-format off */
#define TEXT(name, min, max, about) {name, FIELD_TEXT, false, 0, min, max, NULL, NULL, FIELD_UNSTORED, about}
#define TEXTS(name, n, max, about) {name, FIELD_TEXT, false, n, 1, max, NULL, NULL, FIELD_UNSTORED, about}
#define WORD(name, words, about) {name, FIELD_WORD, false, 0, 0, 0, words, NULL, FIELD_UNSTORED, about}
#define END {NULL, FIELD_TEXT, false, 0, 0, 0, NULL, NULL, 0, NULL}

static const struct field contact_fields[] = {
    TEXT("name", 1, 120, "who"),
    TEXT("email", 3, 254, "e-mail address"),
    TEXT("phone", 3, 40, "telephone number"),
    WORD("language", language_words, "language they read"),
    END};

static const struct field attachment_fields[] = {
    {"id", FIELD_TEXT, true, 0, 36, 36, NULL, NULL, FIELD_UNSTORED, "as POST /v1/attachments said"},
    TEXT("name", 1, 150, "name of the file, for people"),
    {"bytes", FIELD_COUNT, false, 0, 1, 10 << 20, NULL, NULL, FIELD_UNSTORED, "as POST /v1/attachments said: for who reads it"},
    END};

static const struct field item_fields[] = {
    WORD("kind", kind_words, "kind of help"),
    TEXT("text", 1, 300, "what is asked"),
    {"wanted_date", FIELD_DATE, false, 0, 0, 0, NULL, NULL, FIELD_UNSTORED, "by when"},
    {"quantity", FIELD_COUNT, false, 0, 1, 1000000, NULL, NULL, FIELD_UNSTORED, "how many"},
    END};

static const struct field site_fields[] = {
    TEXT("name", 1, 150, "name of the site"),
    TEXT("whc_id", 1, 12, "World Heritage number"),
    {"tentative", FIELD_BOOL, false, 0, 0, 0, NULL, NULL, FIELD_UNSTORED, "on the Tentative List"},
    TEXT("ramsar_number", 1, 12, "Ramsar Site number"),
    {"latitude", FIELD_NUMBER, false, 0, -90, 90, NULL, NULL, FIELD_UNSTORED, "degrees north"},
    {"longitude", FIELD_NUMBER, false, 0, -180, 180, NULL, NULL, FIELD_UNSTORED, "degrees east"},
    END};

static const struct field budget_fields[] = {
    {"amount", FIELD_COUNT, true, 0, 1, 1000000000000, NULL, NULL, FIELD_UNSTORED, "in minor units"},
    {"currency", FIELD_TEXT, true, 0, 3, 3, NULL, NULL, FIELD_UNSTORED, "ISO 4217 code"},
    END};

const struct field request_fields[] = {
    {"country", FIELD_COUNTRY, true, 0, 0, 0, NULL, NULL, offsetof(struct request, country), "ISO 3166-1 alpha-3 code; must be the caller's own"},
    {"language", FIELD_WORD, true, 0, 0, 0, language_words, NULL, offsetof(struct request, language), "language of the text"},
    {"title", FIELD_TEXT, true, 0, 10, 120, NULL, NULL, offsetof(struct request, title), "plain statement of the need"},
    {"description", FIELD_TEXT, true, 0, 50, 6000, NULL, NULL, offsetof(struct request, description), "the problem, who is affected, since when, what is asked"},
    {"urgency", FIELD_WORD, false, 0, 0, 0, urgency_words, NULL, offsetof(struct request, urgency), "default routine"},
    {"disclosure", FIELD_WORD, false, 0, 0, 0, disclosure_words, NULL, offsetof(struct request, disclosure), "who may read: all secretariats, the routed ones (default), the lead only"},
    {"themes", FIELD_TEXT, false, 10, 1, 80, NULL, NULL, offsetof(struct request, themes), "free tags or topic codes"},
    {"preferred_secretariat", FIELD_SECRETARIAT, false, 0, 0, 0, NULL, NULL, offsetof(struct request, preferred_secretariat), "a hint only"},
    {"beyond_jurisdiction", FIELD_BOOL, false, 0, 0, 0, NULL, NULL, offsetof(struct request, beyond_jurisdiction), "in areas beyond national jurisdiction"},
    {"join", FIELD_TEXT, false, 0, 1, RECORD_NAME_MAX, NULL, NULL, offsetof(struct request, join), "id or reference of an own open request that asks for the same: when the duplicate check agrees they are merged at once, else the coordinator decides"},
    {"convention_of_signatory", FIELD_SECRETARIAT, false, 0, 0, 0, NULL, NULL, FIELD_UNSTORED, "convention under which the signer is designated"},
    TEXT("signer_name", 1, 120, "designated authority"),
    TEXT("signer_title", 1, 120, "title of the signer"),
    TEXT("signer_office", 1, 200, "office of the signer"),
    TEXT("endorsement", 1, 2000, "signed text and its date"),
    TEXTS("other_host_endorsements", 10, 300, "one for each further country"),
    TEXT("contact_name", 1, 120, "working contact"),
    TEXT("contact_email", 3, 254, "e-mail address of the contact"),
    TEXT("contact_phone", 3, 40, "telephone of the contact"),
    WORD("contact_language", language_words, "language the contact reads"),
    {"deputy_contact", FIELD_OBJECT, false, 0, 0, 0, NULL, contact_fields, FIELD_UNSTORED, "used when the contact is absent"},
    TEXT("main_topic", 1, 24, "topic code"),
    TEXTS("secondary_topics", 2, 24, "topic codes"),
    {"assistance_kind", FIELD_WORD, false, 4, 0, 0, kind_words, NULL, FIELD_UNSTORED, "kinds of help wanted"},
    {"attachments", FIELD_OBJECT, false, 10, 0, 0, NULL, attachment_fields, FIELD_UNSTORED, "files sent in before, 25 MiB together"},
    {"items", FIELD_OBJECT, false, 8, 0, 0, NULL, item_fields, FIELD_UNSTORED, "what is asked, piece by piece"},
    TEXT("emergency_facts", 1, 1000, "what happened, when, what is at risk, what is done"),
    {"needed_by", FIELD_DATE, false, 0, 0, 0, NULL, NULL, FIELD_UNSTORED, "by when"},
    WORD("date_firm", firm_words, "is the date fixed"),
    WORD("scale", scale_words, "how far it reaches"),
    {"other_countries", FIELD_COUNTRY, false, 20, 0, 0, NULL, NULL, FIELD_UNSTORED, "benefiting or sharing the site"},
    {"sites", FIELD_OBJECT, false, 10, 0, 0, NULL, site_fields, FIELD_UNSTORED, "sites concerned"},
    TEXTS("species", 20, 100, "scientific names"),
    {"named_instrument", FIELD_SECRETARIAT, false, 0, 0, 0, NULL, NULL, FIELD_UNSTORED, "the convention whose law is the matter"},
    TEXTS("context_links", 10, 200, "targets and strategies it serves"),
    TEXT("already_done", 1, 1000, "own measures so far"),
    TEXTS("support_existing", 10, 200, "who helps already, until when"),
    TEXTS("also_asked", 10, 200, "the same request elsewhere: body, date, answer"),
    TEXTS("previous_refs", 5, 24, "earlier references"),
    TEXT("expected_result", 1, 600, "how the country will know that it helped"),
    TEXT("in_kind", 1, 500, "staff, premises, data the country can give"),
    {"budget_wanted", FIELD_OBJECT, false, 0, 0, 0, NULL, budget_fields, FIELD_UNSTORED, "only with FUNDING or EQUIPMENT"},
    WORD("arrears_statement", arrears_words, "contributions paid or not known"),
    TEXT("stakeholders", 1, 600, "ministries and communities, consent obtained"),
    {"publish_ok", FIELD_BOOL, false, 0, 0, 0, NULL, NULL, FIELD_UNSTORED, "title, topic and country may be published"},
    END};
/* clang-format on */

bool request_decode(const json_t *doc, const char *country, const struct field_codes *codes,
                    struct request *ret_request, struct faults *faults)
{
    struct request r = {.urgency = URGENCY_ROUTINE, .disclosure = DISCLOSURE_ROUTED};
    bool good = field_decode(doc, "#", request_fields, codes, &r, faults);

    if (r.country && country && strcmp(r.country, country) != 0) {
        fault_add(faults, "#", "country", "foreign_country");
        good = false;
    }
    if (good)
        *ret_request = r;
    return good;
}
