package api

import (
	"strings"
	"unicode"
)

// longestClient is how much of a client's own name is kept.
const longestClient = 60

// browsers and systems, the first that fits: others call themselves by the later ones, too.
var (
	browsers = [][2]string{
		{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	}
	systems = [][2]string{
		{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
	}
)

// clientName is what a client calls itself, short enough for somebody to know it again:
// a browser and its system, or the first word.
func clientName(userAgent string) string {
	browser, system := firstOf(browsers, userAgent), firstOf(systems, userAgent)
	switch {
	case browser != "" && system != "":
		return browser + " on " + system
	case browser != "":
		return browser
	}
	word, _, _ := strings.Cut(strings.TrimSpace(userAgent), " ")
	word = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			return r
		}
		return -1
	}, word)
	if runes := []rune(word); len(runes) > longestClient {
		word = string(runes[:longestClient])
	}
	if word == "" {
		return "a program without a name"
	}
	return word
}

func firstOf(names [][2]string, in string) string {
	for _, n := range names {
		if strings.Contains(in, n[0]) {
			return n[1]
		}
	}
	return ""
}
