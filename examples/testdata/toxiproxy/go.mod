module readme

go 1.26.0

require (
	github.com/Shopify/toxiproxy/v2 v2.5.0
	github.com/garyburd/redigo v0.0.0-20150301180006-535138d7bcd7
)
