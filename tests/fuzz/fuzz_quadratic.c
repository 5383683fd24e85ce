/* SPDX-License-Identifier: Apache-2.0 */
/* The control of the script complexity: work that grows with the square of the input. */
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	volatile unsigned sum = 0;

	for (size_t i = 0; i < size; i++)
		for (size_t k = 0; k < size; k++)
			sum += data[i] ^ data[k];
	(void)sum;
	return 0;
}
