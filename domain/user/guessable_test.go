package user_test

import (
	"strings"
	"testing"

	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

func TestGuessablePasswords(t *testing.T) {
	t.Parallel()
	person := account.Person{Email: "ada@x.example", Name: "Ada Lovelace"}
	for _, password := range []string{
		"passwordpassword", "password1234", "Password1234!", "P@ssw0rd2026", "drowssap1234", "qwertyuiop12", "qwertyuiop[]", "asdfghjkl;'#",
		"1qaz2wsx3edc", "1q2w3e4r5t6y", "qwertz123456", "azertyuiop123", "123456789012", "0987654321098", "abcdefghijkl", "aaaaaaaaaaaaaaaa",
		"abababababab", "Summer2026!!", "welcome2026!", "letmeinletmein", "iloveyou1234", "december2026", "Monday123456", "fleetledger1", "fleetledger2026",
		"PrairieFire2026", "prairiefireprairiefire", "lovelace1234", "Ada.Lovelace1", "administrator", "administrator1", "dragonmonkey1", "changemechangeme",
		"PASSWORD PASSWORD", "ｐａｓｓｗｏｒｄ１２３４", strings.Repeat("qwerty ", 30),
	} {
		if problems := user.CheckPassword(password, 12, person, "Prairie Fire"); len(problems) != 1 || problems[0].Code != user.CodePasswordGuessable {
			t.Errorf("%q: %v", password, problems)
		}
	}
	for _, password := range []string{
		"correct horse battery", "a horse of another colour", "twenty-three characters", "xkQ7-vb2m-Lp9z", "wenn die Kuh fliegt", "tr0ub4dor&3-zebra",
		"829461037582", "кот сидит на окне", "一二三四五六七八九十甲乙", strings.Repeat("z9#", 4) + "Kq!vT7pX",
	} {
		if problems := user.CheckPassword(password, 12, person, "Prairie Fire"); len(problems) > 0 {
			t.Errorf("%q: %v", password, problems)
		}
	}
}

// The longest password costs little to look at.
func BenchmarkCheckPassword(b *testing.B) {
	password := strings.Repeat("x1Yq-8z!", 32)
	for b.Loop() {
		user.CheckPassword(password, 12, ada, "Prairie Fire")
	}
}
