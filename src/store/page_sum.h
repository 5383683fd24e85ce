/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sum at the end of each page of a database: finds out a disk that forgets,
 * not somebody who forges (who may write the file may write its sums).
 */
#ifndef THREADS_STORE_PAGE_SUM_H
#define THREADS_STORE_PAGE_SUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PAGE_SUM_BYTES = 8 }; /* reserved at the end of each page */

/*
 * Of all bytes of a page but the last PAGE_SUM_BYTES, and of its number: a page in
 * the place of another is found as well. Every change within one word of eight bytes
 * changes the sum for certain, any other with all but 2^-64. size is a multiple of 8.
 */
uint64_t page_sum(const unsigned char *page, size_t size, uint32_t number);

void page_sum_put(unsigned char *page, size_t size, uint32_t number);
bool page_sum_fits(const unsigned char *page, size_t size, uint32_t number);

#endif
