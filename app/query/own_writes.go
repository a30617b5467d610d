package query

import "context"

type credentialKey struct{}

// AfterOwnWrites has reads with the context wait for what a credential wrote
// last, for a moment at most; then they answer what is there.
func AfterOwnWrites(ctx context.Context, credential []byte) context.Context {
	return context.WithValue(ctx, credentialKey{}, credential)
}

// OwnWriter is the credential whose writes a read waits for; nil: nobody's.
func OwnWriter(ctx context.Context) []byte {
	credential, _ := ctx.Value(credentialKey{}).([]byte)
	return credential
}
