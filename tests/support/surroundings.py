"""Text that people put around templates when they paste them."""

import json
import re
from base64 import urlsafe_b64encode
from html import escape
from string import ascii_uppercase
from urllib.parse import quote


def _quoted_printable(template: str) -> str:
    # Lines may end anywhere except inside an escape.
    lines = re.findall(r"(?:=3D|[^=]){1,60}", template.replace("=", "=3D"))
    return "=\n".join(lines)


def _defended_2(template: str) -> str:
    encoded = quote(template, safe="/").replace("-", "%2D").replace("_", "%5F")
    return (
        f"https://urldefense.proofpoint.com/v2/url?u={encoded.replace('%', '-').replace('/', '_')}&d=DwMFaQ&c=x&r=y&e="
    )


def _defended_3(template: str) -> str:
    taken: list[str] = []

    def token(run: re.Match[str]) -> str:
        taken.append(run[0])
        return "*" if len(run[0]) == 1 else f"**{ascii_uppercase[len(run[0]) - 2]}"

    written = re.sub(r"[^A-Za-z0-9._~:/?@&=(),;!'$+-]{1,20}", token, template)
    encoded = urlsafe_b64encode("".join(taken).encode()).decode().rstrip("=")
    return f"https://urldefense.com/v3/__{written}__;{encoded}!!Abc-d!xyz$"


# By name, in the order of the rules. They surround a whole URL, so that removing them restores it.
AROUND = {
    "method": "GET {}".format,
    "method in lower case": "post {}".format,
    "URL": "URL: {}".format,
    "URL without a space": "url:{}".format,
    "label": "Install postback: {}".format,
    "label on a line": "Install postback (iOS):\r\n{}".format,
    "label in Chinese": "回传链接：{}".format,
    "arrow": "Install -> {}".format,
    "number": "1. {}".format,
    "number in parentheses": "(12) {}".format,
    "letter": "b) {}".format,
    "hyphen": "- {}".format,
    "asterisk": "* {}".format,
    "bullet": "  • {}".format,
    "task": "- [ ] {}".format,
    "quote of a mail": "> {}".format,
    "bullet and method": "* GET {}".format,
    "version": "{} HTTP/1.1".format,
    "request line": "GET {} HTTP/2".format,
    "comment": "{}  # note".format,
    "comment of several words": "{}\t#note: for installs, see https-docs".format,
    "curl": "curl {}".format,
    "curl with quotes": "curl '{}'".format,
    "curl with a method": 'curl -X POST "{}"'.format,
    "curl with options": "$ curl -sS -o /dev/null \\\n  --request GET '{}'".format,
    "wget": "wget -q -O - '{}'".format,
    "single quotes": "'{}'".format,
    "double quotes": '"{}"'.format,
    "quotes and a comma": '"{}",'.format,
    "English quotes": "“{}”".format,
    "German quotes": "„{}“".format,
    "single English quotes": "‘{}’".format,
    "guillemets": "«{}»".format,
    "French guillemets": "«\u00a0{}\u00a0»".format,
    "single guillemets": "‹{}›".format,
    "angle brackets": "<{}>".format,
    "backticks": "`{}`".format,
    "fence": "```\n{}\n```".format,
    "parentheses": "({})".format,
    "brackets": "[{}]".format,
    "asterisks": "**{}**".format,
    "CDATA": "<![CDATA[{}]]>".format,
    "quotes in parentheses": "(“{}”)".format,
    "key of JSON": '"url": "{}",'.format,
    "assignment": 'const url = "{}";'.format,
    "Markdown": "[text]({})".format,
    "Markdown with a title": '[text]({} "title")'.format,
    "Slack": "<{}|text>".format,
    "BBCode": "[url={}]text[/url]".format,
    "HTML": lambda template: f'<a class="x" href="{escape(template)}">postback</a>',
    "HTML image": lambda template: f'<img src="{escape(template)}" width="1" height="1" />',
    "XML": "<Impression id='x'><![CDATA[{}]]></Impression>".format,
    "quoted-printable": _quoted_printable,
    "SafeLinks": lambda template: (
        f"https://nam02.safelinks.protection.outlook.com/?url={quote(template, safe='')}&data=05%7C01&reserved=0"
    ),
    "SafeLinks in HTML": lambda template: (
        f"https://eur01.safelinks.protection.outlook.com/?url={quote(template, safe='')}&amp;data=05"
    ),
    "SafeLinks twice": lambda template: AROUND["SafeLinks"](AROUND["SafeLinks"](template)),
    "URL Defense 2": _defended_2,
    "URL Defense 3": _defended_3,
    "Google": lambda template: f"https://www.google.com/url?q={quote(template, safe='')}&sa=D&usg=x",
}

# These turn a template into something else.
OTHER = {
    "JSON": lambda template: json.dumps({"id": "{click_id}", "url": template}),
    "JSON array": lambda template: json.dumps([template, "x"], indent=2),
    "HTML page": "<!DOCTYPE html>\n<html><body><p>{}</p></body></html>".format,
    "HTML text": '<p>Call <a href="{}">this</a> for installs.</p>'.format,
    "two lines": "{}\nhttps://m.example/pb?id=(clickid)".format,
    "two lines, the second a server": "{}\r\nm.example/pb?id=(clickid)".format,
    "two in a line": "{} https://m.example/pb?id=(clickid)".format,
    "two with a comma": "{}, https://m.example/pb?id=(clickid)".format,
    "two with labels": "Install: {}\nIn-app: https://m.example/pb?id=(clickid)".format,
    "two in a list": "- {}\n- https://m.example/pb?id=(clickid)".format,
    "request": "POST {} HTTP/1.1\nHost: n.example\n\n".format,
    "curl with a header": "curl -H 'a: b' '{}'".format,
    "curl with a body": "curl '{}' -d '{{}}'".format,
    "sentence": "Please use {} for all installs.".format,
}
