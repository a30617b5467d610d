// Package webhooks sends one signed message to an address that a customer chose. It
// owns the message's form (Standard Webhooks, standardwebhooks.com), the secrets that
// sign it, and the guard: which addresses may be called at all. What is sent, when, and
// how often again, is decided elsewhere.
//
// Whoever subscribes chooses where this service connects to, and behind its firewall.
// So an address is judged twice: its text when it is given (Check) and before each
// attempt, and the IP address itself at the moment when it is dialled, after names were
// resolved. What a name says in between does not matter.
//
// The ranges that may not be dialled are those of IANA's special-purpose address
// registries (RFC 6890, with the entries that were made until October 2025), except the
// few which are reachable from everywhere, and multicast (RFC 5771). Of IPv6 only the
// part may be dialled that is given out for use (2000::/3, RFC 4291), without the
// special ranges in it. An address of NAT64 (RFC 6052) is as good as the IPv4 address
// inside. A NAT64 prefix of one's own, and the public addresses of the installation
// itself, cannot be known here: Options.Forbid names them.
//
// No proxy is used, no redirect followed, no cookie kept. What an endpoint may cost is
// bounded in time (Options.Timeout, whatever it sends) and in size.
package webhooks
