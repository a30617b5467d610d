// Package notice is the monthly renewal notice: what a reseller's people are told of
// the devices of a customer that are due. It has three kinds of streams.
//
// # The notice
//
// One for each reseller, customer and month (UID). It says which devices were due
// as of the 1st, to whom that was mailed, and what became of each mail:
// NoticeDevicesListed (as many as are needed), then NoticePrepared with the
// recipients, or NoticeSkipped with a reason. Before one of these two there is no
// notice, and what was listed is listed anew. From then on nothing of it changes:
// whoever sends it, however often, sends the same. The id of a mail follows from
// notice and recipient, so a repeat is the same mail, which goes out once.
//
// # The round
//
// One for each reseller and month (RoundUID). It says who the recipients are; they
// are chosen once, before the first notice. The round is the one place that holds
// their names and addresses: notices name them by id, so that erasing a person
// concerns few streams. It is closed when everything was handed to the mailer.
//
// # The choice
//
// One for each user: how the user wants the notices, see Delivery.
//
// # What was seen
//
// People acknowledge the devices of a notice. In later months a device that was
// seen stands apart, below the new ones, while its service end stays what it was.
package notice
