/*
 * base/mark: times as text.
 * SPDX-License-Identifier: MIT
 *
 * The calendar is computed here because gmtime_r is slow and this runs once an event.
 */
#include "base/mark.h"

#include <string.h>

#define SECONDS_PER_DAY 86400
/* 0000-03-01 to 1970-01-01 in days; an era of the Gregorian calendar is 400 years. */
#define EPOCH_OFFSET_DAYS 719468
#define DAYS_PER_ERA      146097

/* First second of year 0 and last one of year 9999. */
#define OLDEST_S (-62167219200LL)
#define NEWEST_S 253402300799LL

/* Where the digits of a second's fraction are. */
#define MICROSECONDS_AT 20
#define MICROSECONDS    6

static void put_digits(char *out, unsigned value, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

const char *time_text(int64_t ts_ns, char out[TIME_TEXT_SIZE])
{
    int64_t seconds = ts_ns / NS_PER_S;
    int64_t rest_ns = ts_ns % NS_PER_S;
    if (rest_ns < 0) {
        rest_ns += NS_PER_S;
        seconds--;
    }
    seconds = seconds < OLDEST_S ? OLDEST_S : seconds > NEWEST_S ? NEWEST_S : seconds;

    int64_t days = seconds / SECONDS_PER_DAY;
    int64_t day_s = seconds % SECONDS_PER_DAY;
    if (day_s < 0) {
        day_s += SECONDS_PER_DAY;
        days--;
    }
    /* Counting years from March puts the leap day last, so month lengths follow one formula. */
    int64_t z = days + EPOCH_OFFSET_DAYS;
    int64_t era = (z >= 0 ? z : z - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
    unsigned day_of_era = (unsigned)(z - era * DAYS_PER_ERA);
    unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned shifted_month = (5 * day_of_year + 2) / 153;
    unsigned day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    unsigned month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    unsigned year = (unsigned)(era * 400) + year_of_era + (month <= 2);

    memcpy(out, "0000-00-00T00:00:00.000000Z", 28);
    put_digits(out, year, 4);
    put_digits(out + 5, month, 2);
    put_digits(out + 8, day, 2);
    put_digits(out + 11, (unsigned)(day_s / 3600), 2);
    put_digits(out + 14, (unsigned)(day_s / 60 % 60), 2);
    put_digits(out + 17, (unsigned)(day_s % 60), 2);
    put_digits(out + MICROSECONDS_AT, (unsigned)(rest_ns / NS_PER_US), MICROSECONDS);
    return out;
}

const char *time_text_memo(int64_t ts_ns, struct time_memo *memo)
{
    int64_t second = ts_ns / NS_PER_S;
    if (ts_ns < NS_PER_S || second != memo->second) {
        memo->second = ts_ns < NS_PER_S ? 0 : second;
        return time_text(ts_ns, memo->text);
    }
    put_digits(memo->text + MICROSECONDS_AT, (unsigned)(ts_ns % NS_PER_S / NS_PER_US),
               MICROSECONDS);
    return memo->text;
}
