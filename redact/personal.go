package redact

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// The kinds of what a [Stripper] takes away.
const (
	KindSecret   = "secret"
	KindEmail    = "e-mail address"
	KindPhone    = "phone number"
	KindIP       = "IP address"
	KindCard     = "card number"
	KindAccount  = "bank account"
	KindName     = "name of a person"
	KindAddress  = "postal address"
	KindBirth    = "date of birth"
	KindIdentity = "number of a person"
)

// fields are the kinds of personal data by the names of the fields that hold them,
// written together and in small letters.
var fields = map[string]string{
	"email": KindEmail, "mail": KindEmail, "emailaddress": KindEmail, "replyto": KindEmail,
	"phone": KindPhone, "mobile": KindPhone, "tel": KindPhone, "telephone": KindPhone, "fax": KindPhone, "phonenumber": KindPhone, "cellphone": KindPhone, "msisdn": KindPhone,
	"ip": KindIP, "ipaddress": KindIP, "ipaddr": KindIP, "remoteaddr": KindIP, "clientip": KindIP, "xforwardedfor": KindIP, "xrealip": KindIP, "remoteip": KindIP, "forwarded": KindIP,
	"firstname": KindName, "lastname": KindName, "givenname": KindName, "familyname": KindName, "surname": KindName, "middlename": KindName, "maidenname": KindName,
	"fullname": KindName, "cardholder": KindName, "cardholdername": KindName, "username": KindName, "recipientname": KindName, "customername": KindName, "billingname": KindName, "shippingname": KindName,
	"street": KindAddress, "streetaddress": KindAddress, "addressline1": KindAddress, "addressline2": KindAddress, "address1": KindAddress, "address2": KindAddress, "line1": KindAddress, "line2": KindAddress,
	"postalcode": KindAddress, "postcode": KindAddress, "zipcode": KindAddress, "zip": KindAddress,
	"birthdate": KindBirth, "birthday": KindBirth, "dob": KindBirth, "dateofbirth": KindBirth,
	"ssn": KindIdentity, "nationalid": KindIdentity, "passport": KindIdentity, "passportnumber": KindIdentity, "taxid": KindIdentity, "socialsecuritynumber": KindIdentity,
	"iban": KindAccount, "accountnumber": KindAccount, "bankaccount": KindAccount,
	"cardnumber": KindCard, "creditcard": KindCard, "ccnumber": KindCard, "pan": KindCard,
}

// Personal says of which kind the personal datum is that a value is, by the name of its
// field or by its own shape. It is for what comes from outside: of a run's own texts an
// address or a name is no secret.
func Personal(name, value string) (kind string, yes bool) {
	if strings.TrimSpace(value) == "" {
		return "", false
	}
	if kind := ofField(name); kind != "" && plausible(kind, value) {
		return kind, true
	}
	switch compact := strings.NewReplacer(" ", "", "-", "").Replace(value); {
	case emailIn.FindString(value) == value:
		return KindEmail, true
	case isPhone(value):
		return KindPhone, true
	case isIP(name, value):
		return KindIP, true
	case isCard(compact) && !isID(name):
		return KindCard, true
	case isIBAN(compact):
		return KindAccount, true
	}
	return "", false
}

// ofField is the kind by the whole name of a field, or by its end: billing_email.
func ofField(name string) string {
	all := wordsOf(name)
	for i := max(0, len(all)-3); i < len(all); i++ {
		if kind := fields[strings.Join(all[i:], "")]; kind != "" {
			return kind
		}
	}
	return ""
}

// plausible reports whether a value can be what the name of its field says: "email": "sent"
// is nobody's.
func plausible(kind, value string) bool {
	count := func(of string) (n int) {
		for i := range len(value) {
			if strings.IndexByte(of, value[i]) >= 0 {
				n++
			}
		}
		return n
	}
	switch kind {
	case KindEmail:
		return count("@") > 0
	case KindPhone, KindIdentity:
		return count(digits) >= 5
	case KindIP:
		first, _, _ := strings.Cut(value, ",") // as proxies list them
		return isIP("", strings.TrimSpace(first)) || strings.Contains(strings.ToLower(value), "for=")
	case KindBirth:
		return count(digits) >= 4
	case KindCard, KindAccount:
		return count(digits) >= 8
	}
	return true
}

// isID reports whether a name is of a number that is no card's, whatever its look.
func isID(name string) bool {
	all := wordsOf(name)
	return len(all) > 0 && slices.ContainsFunc(all, func(word string) bool {
		return slices.Contains([]string{"id", "ids", "uuid", "guid", "trace", "span", "hash", "time", "timestamp", "created", "updated", "version"}, word)
	})
}

var (
	emailIn = regexp.MustCompile(`[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.)+[A-Za-z]{2,24}`)
	phoneIs = regexp.MustCompile(`^\+\d[\d ().-]{6,20}\d$`)
	phoneIn = regexp.MustCompile(`\+\d{1,3}[ .-]\(?\d[\d ().-]{5,16}\d|\+[1-9]\d{8,14}\b`)
	ipv4In  = regexp.MustCompile(`(?:^|[\s"'(\[=,;])((?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3})\b`)
	ibanIs  = regexp.MustCompile(`^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$`)
)

func isPhone(value string) bool {
	n := 0
	for i := range len(value) {
		if isDigit(value[i]) {
			n++
		}
	}
	return n >= 8 && n <= 15 && phoneIs.MatchString(value)
}

// isIP reports whether a value is the address of somebody's machine, as against one of
// this machine or a version that looks like one.
func isIP(name, value string) bool {
	addr, err := netip.ParseAddr(value)
	return err == nil && !addr.IsLoopback() && !addr.IsUnspecified() && !slices.Contains(wordsOf(name), "version")
}

// isCard reports whether digits are a card's number: its length, its first digits and
// its check digit.
func isCard(number string) bool {
	if len(number) < 13 || len(number) > 19 || strings.IndexByte("23456", number[0]) < 0 {
		return false
	}
	sum := 0
	for i := range len(number) {
		c := number[len(number)-1-i]
		if !isDigit(c) {
			return false
		}
		d := int(c - '0')
		if i%2 == 1 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return sum%10 == 0
}

// isIBAN reports whether a text is a bank account: its form and its check digits.
func isIBAN(text string) bool {
	if !ibanIs.MatchString(text) {
		return false
	}
	rest := 0
	for _, c := range text[4:] + text[:4] {
		if c >= 'A' {
			rest = (rest*100 + int(c-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(c-'0')) % 97
		}
	}
	return rest == 1
}
