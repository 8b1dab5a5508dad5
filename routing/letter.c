#include "routing/letter.h"

#include <threads.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>

unsigned char letter_plane[LETTER_PLANE];
static once_flag plane_asked = ONCE_FLAG_INIT;

static enum letter ask_kind(UChar32 c)
{
    int8_t type = u_charType(c);

    if (type == U_NON_SPACING_MARK || type == U_FORMAT_CHAR || c == 0x0640)
        return LETTER_MARK;
    if (u_hasBinaryProperty(c, UCHAR_IDEOGRAPHIC))
        return LETTER_HAN;
    if (u_isalpha(c) || type == U_COMBINING_SPACING_MARK)
        return LETTER_ALPHA;
    return u_isdigit(c) ? LETTER_DIGIT : LETTER_OTHER;
}

unsigned char letter_ask(int32_t c)
{
    unsigned char answer = (unsigned char)ask_kind(c);

    if (u_isUUppercase(c) || u_istitle(c))
        answer |= LETTER_UPPER;
    if (u_getIntPropertyValue(c, UCHAR_NFKC_QUICK_CHECK) == UNORM_YES &&
        u_getCombiningClass(c) == 0)
        answer |= LETTER_NORMAL;
    return answer;
}

static void plane_ask(void)
{
    for (UChar32 c = 0; c < LETTER_PLANE; c++)
        letter_plane[c] = letter_ask(c);
}

void letter_prepare(void)
{
    call_once(&plane_asked, plane_ask);
}
