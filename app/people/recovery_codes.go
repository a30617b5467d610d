package people

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/base32"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/user"
)

// Recovery codes stand in for a second factor that was lost, each once. One has 80 bits:
// too many to be guessed from its hash.
const (
	recoveryCount = 10
	recoverySize  = 10 // bytes
	recoveryGroup = 4  // characters between dashes
	recoveryKind  = "recovery_codes"
	hashSize      = 32 // of access.Hash
)

// RecoveryCodes are a new set, which is shown only here.
type RecoveryCodes struct {
	command.Receipt
	Codes []string
}

// ReplaceRecoveryCodes gives the caller a set of recovery codes in place of the one
// before. The caller has signed in (CodeSessionRequired), and lately
// (access.ErrFreshSignInRequired), and has a second factor. The
// codes follow from the command: repeated with its id, the answer is the same, though
// only their hashes are kept.
func (s *Service) ReplaceRecoveryCodes(ctx context.Context, caller access.Caller, c command.Command) (RecoveryCodes, error) {
	uid, err := signedIn(caller)
	if err == nil {
		err = s.access.Fresh(caller)
	}
	if err != nil {
		return RecoveryCodes{}, err
	}
	found, err := s.user(ctx, uid)
	if err != nil {
		return RecoveryCodes{}, err
	}
	env := s.executor.Begin(caller.Actor, c)
	id := env.Derive("recovery codes of " + uid.String())
	decide := func(u user.State) ([]domain.Event, error) { return user.DecideReplaceCodes(u, id, recoveryCount) }
	if _, err := decide(found.State); err != nil {
		return RecoveryCodes{}, err
	}
	made := RecoveryCodes{}
	secret := make([]byte, 0, recoveryCount*hashSize)
	for n := range recoveryCount {
		code := s.recoveryCode(id, n)
		made.Codes = append(made.Codes, code)
		secret = append(secret, access.Hash(plainCode(code))...)
	}
	if err := s.options.Factors.Put(ctx, ports.Factor{ID: id, User: uid, Kind: recoveryKind, Secret: secret, CreatedAt: env.At}); err != nil {
		return RecoveryCodes{}, err
	}
	r, err := command.Execute(ctx, env, command.Loaded(user.Aggregate, found), decide)
	if err == nil && r.Now.Recovery.Codes != id { // a repeat, of what was replaced since
		err = domain.Refuse(domain.Problem{Code: command.CodeIdempotencyReuse, Detail: "These recovery codes were replaced since."})
	}
	s.settleFactors(ctx, caller, r.Now, id, err)
	made.Receipt = r.Receipt()
	return made, err
}

// recoveryCode is a code of a set, as it is shown.
func (s *Service) recoveryCode(set uuid.UUID, number int) string {
	text := base32.StdEncoding.EncodeToString(s.tokens.Code("recovery code\x00", set[:], []byte{byte(number)})[:recoverySize])
	var groups []string
	for ; len(text) > recoveryGroup; text = text[recoveryGroup:] {
		groups = append(groups, text[:recoveryGroup])
	}
	return strings.Join(append(groups, text), "-")
}

// plainCode is a code as it is hashed, however somebody typed it: what is no letter or
// digit of the codes was misread.
func plainCode(code string) string {
	plain := strings.NewReplacer("-", "", " ", "", "0", "O", "1", "I", "8", "B").Replace(strings.ToUpper(code))
	return strings.TrimSpace(plain)
}

// matchRecoveryCode is the number of a code in a set, -1 for none. It compares all.
func matchRecoveryCode(set uuid.UUID, secrets []ports.Factor, code string) int {
	number, hash := -1, access.Hash(plainCode(code))
	for _, f := range secrets {
		if f.ID != set || f.Kind != recoveryKind {
			continue
		}
		for n, kept := range bytesIn(f.Secret, hashSize) {
			if subtle.ConstantTimeCompare(kept, hash) == 1 {
				number = n
			}
		}
	}
	return number
}

// bytesIn cuts data into pieces of a size.
func bytesIn(data []byte, size int) [][]byte {
	var all [][]byte
	for ; len(data) >= size; data = data[size:] {
		all = append(all, bytes.Clone(data[:size]))
	}
	return all
}
