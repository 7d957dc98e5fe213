// Package smtpserver is a fake of a mail server: it takes mail on, delivers none,
// and misbehaves on purpose at any step.
//
// Enter at [Start]. Any sender, recipient, user and password is good. STARTTLS is
// offered if [Config.StartTLS] says so, with a certificate that the server makes
// for itself: many clients use it as soon as it is offered, and then refuse a
// certificate that nobody vouches for.
//
// The steps at which faults act are the [Steps]: greeting (a new connection), mail,
// rcpt and data (the commands), message (the end of the data, when the message is
// taken on). A fault of the whole server acts on messages; one of a step is made by
// [At]. Faults pick by sender or recipient, and messages also by their Message-Id.
// A status is the reply's code, from 400 to 599. Work that is done is a message that
// was stored, whatever its client hears of it: lost reset is the connection that
// is lost after the data.
//
// The journal has two groups. A transaction begins with MAIL and ends with whatever
// ends it. A message has been received whole; its key is [Config.Key] of it, which
// makes it odd if it lacks what that is made of, or else the recipients with a
// hash of what was said: sender, subject and text, without what a client makes anew
// when it tries again (Message-Id, Date, the boundaries of parts). A message under
// a Message-Id that was there before has the key that it had. What was taken on for
// whom is told by its acceptances.
package smtpserver
