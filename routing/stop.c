/* The lists are short on purpose: a word that may carry meaning in some request ("plan", "use",
 * "new") is no function word. Sorted by byte for the search; test_text.c checks that. */
#include "routing/stop.h"

#include "config/mandate.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const char *const stops_ar[] = {
    "اثناء", "احد", "اذا", "الا", "التي", "الذي", "الذين", "الي", "ام", "ان", "انا", "انه",
    "انها", "او", "اي", "ايضا", "بان", "بانه", "بعد", "بعض", "بل", "بما", "به", "بها", "بين",
    "تكون", "تلك", "تم", "ثم", "حتي", "حول", "حيث", "خلال", "دون", "ذلك", "سوي", "ضد", "عبر",
    "عده", "علي", "عليه", "عليها", "عما", "عن", "عند", "غير", "فان", "فقط", "في", "فيه", "فيها",
    "قبل", "قد", "كان", "كانت", "كانوا", "كذلك", "كل", "كما", "لا", "لان", "لدي", "لدينا",
    "لكن", "لكي", "لم", "لن", "لنا", "له", "لها", "ليس", "ليست", "ما", "مثل", "مع", "مما", "من",
    "منذ", "منه", "منها", "نحن", "نحو", "هذا", "هذه", "هم", "هنا", "هناك", "هو", "هي", "والي",
    "وان", "وذلك", "وعلي", "وفي", "وقد", "ولا", "ولم", "وما", "ومن", "وهذا", "وهذه", "وهو",
    "وهي", "يتم", "يكون",
};
static const char *const links_ar[] = {
    "الي", "علي", "عن", "في", "مع", "من",
};
static const char *const stops_en[] = {
    "a", "about", "above", "across", "after", "against", "all", "along", "already", "also",
    "am", "among", "an", "and", "any", "are", "around", "as", "at", "be", "because", "been",
    "before", "being", "below", "between", "both", "but", "by", "can", "could", "d", "did",
    "do", "does", "doing", "down", "during", "each", "either", "etc", "even", "few", "for",
    "from", "had", "has", "have", "having", "he", "her", "here", "hers", "him", "his", "how",
    "however", "i", "if", "in", "into", "is", "it", "its", "just", "ll", "may", "me", "might",
    "mine", "more", "most", "must", "my", "neither", "no", "nor", "not", "of", "off", "on",
    "one", "only", "onto", "or", "other", "our", "ours", "out", "over", "own", "per", "re", "s",
    "same", "shall", "she", "should", "since", "so", "some", "still", "such", "t", "than",
    "that", "the", "their", "theirs", "them", "then", "there", "therefore", "these", "they",
    "this", "those", "through", "thus", "to", "too", "toward", "towards", "under", "until",
    "up", "upon", "us", "ve", "very", "via", "was", "we", "were", "what", "when", "where",
    "whether", "which", "while", "who", "whom", "whose", "why", "will", "with", "within",
    "without", "would", "yet", "you", "your", "yours",
};
static const char *const links_en[] = {
    "a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with",
};
static const char *const stops_es[] = {
    "a", "al", "alguna", "algunas", "algunos", "algún", "ante", "aquel", "aquella", "así",
    "aun", "aunque", "aún", "bajo", "cada", "como", "con", "contra", "cual", "cuales", "cuando",
    "cuya", "cuyo", "de", "del", "desde", "donde", "durante", "dónde", "e", "el", "ella",
    "ellas", "ello", "ellos", "en", "entonces", "entre", "era", "eran", "es", "esas", "ese",
    "eso", "esos", "estas", "este", "esto", "estos", "está", "están", "fue", "fueron", "ha",
    "haber", "había", "hacia", "han", "hasta", "hay", "he", "hemos", "hubiera", "hubieran",
    "hubieron", "hubiese", "hubo", "la", "las", "le", "les",
    "lo", "los", "mas", "me", "mi", "mientras", "misma", "mismo", "muy", "más", "ni", "ninguna",
    "ningún", "no", "nos", "nuestra", "nuestras", "nuestro", "nuestros", "o", "otra", "otras",
    "otro", "otros", "para", "pero", "por", "porque", "pues", "que", "quien", "qué", "se",
    "según", "ser", "si", "sido", "sin", "sobre", "solo", "son", "su", "sus", "sólo", "también",
    "tan", "tanto", "te", "tiene", "tienen", "toda", "todas", "todo", "todos", "tras", "tu",
    "u", "un", "una", "unas", "uno", "unos", "y", "ya", "él",
};
static const char *const links_es[] = {
    "a", "al", "con", "de", "del", "e", "el", "en", "la", "las", "los", "o", "para", "por", "u",
    "un", "una", "unas", "unos", "y",
};
static const char *const stops_fr[] = {
    "a", "afin", "ainsi", "alors", "après", "au", "aussi", "autre", "autres", "aux", "avaient",
    "avait", "avant", "avec", "avoir", "c", "car", "ce", "cela", "celle", "celles", "celui",
    "certaines", "certains", "ces", "cet", "cette", "ceux", "chaque", "chez", "comme", "contre",
    "d", "dans", "de", "depuis", "des", "doit", "doivent", "donc", "dont", "du", "déjà", "elle",
    "elles", "en", "encore", "entre", "est", "et", "fait", "font", "il", "ils", "j", "je",
    "jusqu", "jusque", "l", "la", "le", "les", "leur", "leurs", "lorsqu", "lorsque", "lui", "m",
    "ma", "mais", "me", "mes", "moins", "mon", "même", "mêmes", "n", "ne", "ni", "nos", "notre",
    "nous", "on", "ont", "or", "ou", "où", "par", "pas", "pendant", "peut", "peuvent", "plus",
    "pour", "puisqu", "puisque", "qu", "quand", "que", "quel", "quelle", "quelles", "quelques",
    "quels", "qui", "quoi", "s", "sa", "sans", "se", "selon", "sera", "seront", "ses", "si",
    "son", "sont", "sous", "sur", "t", "te", "tous", "tout", "toute", "toutes", "très", "tu",
    "un", "une", "vers", "vos", "votre", "vous", "y", "à", "ça", "étaient", "était", "été",
    "être",
};
static const char *const links_fr[] = {
    "au", "aux", "d", "dans", "de", "des", "du", "et", "l", "la", "le", "les", "ou", "un",
    "une",
};
static const char *const stops_ru[] = {
    "а", "без", "более", "больше", "будет", "будто", "бы", "был", "была", "были", "было",
    "быть", "в", "вам", "вас", "ведь", "весь", "во", "вот", "все", "всегда", "всего", "всех",
    "всю", "вся", "вы", "где", "да", "даже", "данная", "данный", "для", "до", "другой", "его",
    "ее", "ей", "ему", "если", "есть", "еще", "ж", "же", "за", "зачем", "здесь", "и", "из",
    "или", "им", "иногда", "их", "к", "как", "какая", "какой", "когда", "конечно", "которая",
    "которого", "которое", "которой", "которые", "который", "которым", "которых", "кто", "куда",
    "ли", "либо", "лишь", "лучше", "между", "меня", "мне", "много", "может", "можно", "мой",
    "моя", "мы", "на", "над", "надо", "нас", "наш", "наша", "нашего", "нашей", "наши", "наших",
    "не", "него", "нее", "ней", "нельзя", "нет", "ни", "нибудь", "ним", "них", "ничего", "но",
    "ну", "о", "об", "один", "однако", "он", "она", "они", "опять", "от", "перед", "по", "под",
    "после", "потом", "потому", "почти", "поэтому", "при", "про", "раз", "разве", "с", "сам",
    "своей", "своих", "свой", "свою", "себе", "себя", "со", "среди", "так", "также", "такие",
    "таких", "такой", "там", "тебя", "тем", "теперь", "то", "тогда", "того", "тоже", "только",
    "том", "тот", "тут", "ты", "у", "уж", "уже", "хоть", "чего", "чем", "через", "что", "чтоб",
    "чтобы", "чуть", "эта", "эти", "этим", "этих", "это", "этого", "этой", "этом", "этот",
    "эту", "я", "является", "являются",
};
static const char *const links_ru[] = {
    "в", "во", "для", "за", "и", "из", "или", "к", "на", "о", "об", "от", "по", "при", "с",
    "со", "у",
};
/* Single characters; only those that begin no word of the field. */
static const char *const stops_zh[] = {
    "一", "上", "下", "不", "与", "且", "个", "中", "为", "之", "也", "了", "些", "亦", "什", "仅", "从",
    "他", "以", "们", "但", "你", "使", "來", "便", "其", "内", "再", "列", "则", "到", "前", "又", "及",
    "另", "只", "可", "各", "同", "后", "向", "吗", "否", "吧", "呢", "和", "哪", "因", "在", "地", "均",
    "多", "她", "好", "如", "它", "对", "将", "就", "已", "并", "应", "当", "很", "得", "您", "我", "或",
    "所", "把", "故", "既", "时", "是", "曾", "最", "有", "本", "来", "某", "正", "此", "每", "比", "没",
    "由", "的", "着", "等", "给", "者", "而", "能", "至", "若", "被", "要", "让", "该", "说", "跟", "较",
    "过", "还", "这", "进", "那", "都", "间", "随", "非",
};
/* clang-format on */

static const struct {
    const char *language;
    const char *const *stops;
    size_t stops_n;
    const char *const *links;
    size_t links_n;
} lists[] = {
    {"ar", stops_ar, sizeof stops_ar / sizeof stops_ar[0], links_ar,
     sizeof links_ar / sizeof links_ar[0]                             },
    {"en", stops_en, sizeof stops_en / sizeof stops_en[0], links_en,
     sizeof links_en / sizeof links_en[0]                             },
    {"es", stops_es, sizeof stops_es / sizeof stops_es[0], links_es,
     sizeof links_es / sizeof links_es[0]                             },
    {"fr", stops_fr, sizeof stops_fr / sizeof stops_fr[0], links_fr,
     sizeof links_fr / sizeof links_fr[0]                             },
    {"ru", stops_ru, sizeof stops_ru / sizeof stops_ru[0], links_ru,
     sizeof links_ru / sizeof links_ru[0]                             },
    {"zh", stops_zh, sizeof stops_zh / sizeof stops_zh[0], stops_zh, 0},
};

static int compare_word(const void *key, const void *row)
{
    return strcmp(key, *(const char *const *)row);
}

enum stop stop_find(int language, const char *word)
{
    for (size_t i = 0; language >= 0 && i < sizeof lists / sizeof lists[0]; i++) {
        if (strcmp(lists[i].language, language_codes[language]) != 0)
            continue;
        if (bsearch(word, lists[i].links, lists[i].links_n, sizeof(char *), compare_word))
            return STOP_LINK;
        return bsearch(word, lists[i].stops, lists[i].stops_n, sizeof(char *), compare_word)
                   ? STOP_WORD
                   : STOP_NONE;
    }
    return STOP_NONE;
}
