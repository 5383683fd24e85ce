/* SPDX-License-Identifier: Apache-2.0 */
#include "api/openapi.h"

/* .incbin: the linker carries the document, no generated source. */
__asm__(".section .rodata\n"
	".global openapi_document\n"
	".global openapi_document_len\n"
	".type openapi_document, @object\n"
	".type openapi_document_len, @object\n"
	"openapi_document:\n"
	".incbin \"" THREADS_OPENAPI_JSON "\"\n"
	"openapi_document_end:\n"
	".byte 0\n"
	".size openapi_document, . - openapi_document\n"
	".balign 8\n"
	"openapi_document_len:\n"
	".quad openapi_document_end - openapi_document\n"
	".size openapi_document_len, 8\n"
	".text\n");
