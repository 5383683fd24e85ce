/* SPDX-License-Identifier: Apache-2.0 */
/* Mail providers for everybody: an address there says nothing about a company. */
#include "filing/company.h"

/* Sorted by strcmp(), for bsearch(). */
/* clang-format off */
static const char *const providers[] = {
	"126.com", "139.com", "163.com", "189.cn", "21cn.com", "a1.net", "abv.bg", "alice.it",
	"aliyun.com", "aol.co.uk", "aol.com", "aol.de", "aol.fr", "aon.at", "arcor.de",
	"att.net", "bellsouth.net", "bigpond.com", "bigpond.net.au", "bk.ru", "bluewin.ch",
	"bol.com.br", "btinternet.com", "centrum.cz", "charter.net", "chello.at", "comcast.net",
	"cox.net", "daum.net", "docomo.ne.jp", "duck.com", "earthlink.net", "eclipso.de",
	"eircom.net", "email.com", "email.cz", "email.de", "ezweb.ne.jp", "fastmail.com",
	"fastmail.fm", "foxmail.com", "free.fr", "freemail.hu", "freenet.de", "gmail.com",
	"googlemail.com", "hanmail.net", "hey.com", "hispeed.ch", "home.nl", "hushmail.com",
	"icloud.com", "ig.com.br", "inbox.lv", "inbox.ru", "interia.eu", "interia.pl",
	"internode.on.net", "juno.com", "kakao.com", "kpnmail.nl", "laposte.net", "libero.it",
	"list.ru", "live.at", "live.be", "live.ca", "live.cl", "live.cn", "live.co.uk",
	"live.com", "live.com.ar", "live.com.au", "live.com.mx", "live.com.pt", "live.de",
	"live.dk", "live.fi", "live.fr", "live.ie", "live.it", "live.jp", "live.nl", "live.no",
	"live.ru", "live.se", "mac.com", "mail.bg", "mail.com", "mail.de", "mail.ee", "mail.ru",
	"mailbox.org", "mailfence.com", "me.com", "msn.com", "my.com", "naver.com", "neuf.fr",
	"ntlworld.com", "o2.pl", "onet.eu", "onet.pl", "online.de", "online.no", "op.pl",
	"optonline.net", "optusnet.com.au", "orange.fr", "ozemail.com.au", "passport.com",
	"planet.nl", "pm.me", "post.cz", "posteo.de", "posteo.net", "proton.me", "protonmail.ch",
	"protonmail.com", "qq.com", "rambler.ru", "rediffmail.com", "riseup.net",
	"rocketmail.com", "rogers.com", "sapo.pt", "sbcglobal.net", "seznam.cz", "sfr.fr",
	"shaw.ca", "sina.cn", "sina.com", "sky.com", "skynet.be", "softbank.ne.jp", "sohu.com",
	"sunrise.ch", "sympatico.ca", "t-online.de", "talk21.com", "talktalk.net", "telenet.be",
	"telia.com", "telus.net", "terra.com.br", "terra.es", "tim.it", "tin.it", "tiscali.it",
	"tlen.pl", "tuta.com", "tuta.io", "tutamail.com", "tutanota.com", "tutanota.de",
	"ukr.net", "uol.com.br", "verizon.net", "virgilio.it", "virginmedia.com", "vodafone.it",
	"volny.cz", "walla.co.il", "walla.com", "wanadoo.fr", "web.de", "windowslive.com",
	"windstream.net", "wp.pl", "xs4all.nl", "xtra.co.nz", "ya.ru", "yandex.by", "yandex.com",
	"yandex.kz", "yandex.ru", "yeah.net", "ymail.com", "ziggo.nl", "zoho.com",
	"zohomail.com", "zohomail.eu",
};
/* clang-format on */

/* Providers that hold their name in many countries: yahoo.co.jp, gmx.at, hotmail.fr ... */
static const char *const families[] = { "gmx", "hotmail", "outlook", "yahoo" };

static int compare(const void *key, const void *row)
{
	return strcmp(key, *(const char *const *)row);
}

bool free_mail_domain(const char *domain)
{
	const size_t label = strcspn(domain, ".");

	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (strlen(families[i]) == label && memcmp(families[i], domain, label) == 0)
			return true;
	return bsearch(domain, providers, ARRAY_SIZE(providers), sizeof(providers[0]), compare);
}
