package scaffold

import (
	"slices"
	"strings"
)

// kind is one kind of thing that services talk to, with the signs that one does.
type kind struct {
	name string
	// images are names of images without their registry and tag, schemes those of
	// addresses, prefixes the beginnings of variables' names, packages names in any
	// language's list of packages.
	images, schemes, prefixes, packages []string
	// variables are by what services find it mostly, where nothing else says so.
	variables []Variable
}

// kinds are those that there are. The first whose sign is found is it.
func kinds() []kind {
	return []kind{
		{
			name: "postgres", images: words("postgres postgresql postgis pgvector timescaledb timescaledb-ha spilo cloudnative-pg"), schemes: words("postgres postgresql postgis"),
			prefixes:  words("POSTGRES POSTGRESQL PG DATABASE DB SQL_DATABASE"),
			packages:  words("psycopg2 psycopg2-binary psycopg asyncpg pg8000 pg pg-promise postgres slonik postgrex postgresql ext-pgsql ext-pdo_pgsql github.com/jackc/pgx github.com/lib/pq"),
			variables: []Variable{{Name: "DATABASE_URL", Value: "{dsn}"}},
		},
		{
			name: "mysql", images: words("mysql mariadb percona percona-server"), schemes: words("mysql mysql2 mariadb"), prefixes: words("MYSQL MARIADB"),
			packages:  words("mysqlclient pymysql aiomysql mysql-connector-python mysql mysql2 mariadb trilogy myxql mysql-connector-j mysql-connector-java mariadb-java-client ext-mysqli ext-pdo_mysql github.com/go-sql-driver/mysql"),
			variables: []Variable{{Name: "DATABASE_URL", Value: "mysql://app:{secrets.mysql}@{address}/app"}},
		},
		{
			name: "redis", images: words("redis valkey redis-stack redis-stack-server dragonfly keydb"), schemes: words("redis rediss valkey"), prefixes: words("REDIS VALKEY CELERY_BROKER CACHE SIDEKIQ"),
			packages:  words("redis django-redis hiredis aioredis arq rq ioredis bull bullmq connect-redis sidekiq resque redis-rails predis redix laravel/horizon ext-redis spring-boot-starter-data-redis jedis github.com/redis/go-redis github.com/go-redis/redis github.com/gomodule/redigo github.com/hibiken/asynq celery[redis] exq verk"),
			variables: []Variable{{Name: "REDIS_URL", Value: "redis://{address}/0"}},
		},
		{
			name: "rabbitmq", images: words("rabbitmq"), schemes: words("amqp amqps"), prefixes: words("RABBITMQ RABBIT AMQP CLOUDAMQP"),
			packages:  words("pika aio-pika amqp amqplib amqp-connection-manager bunny sneakers php-amqplib spring-boot-starter-amqp github.com/rabbitmq/amqp091-go github.com/streadway/amqp broadway_rabbitmq"),
			variables: []Variable{{Name: "AMQP_URL", Value: "amqp://guest:guest@{address}/"}},
		},
		{
			name: "kafka", images: words("kafka cp-kafka kafka-native redpanda"), prefixes: words("KAFKA"),
			packages:  words("kafka-python confluent-kafka aiokafka kafkajs node-rdkafka ruby-kafka karafka rdkafka-ruby spring-kafka kafka-clients brod broadway_kafka github.com/ibm/sarama github.com/shopify/sarama github.com/segmentio/kafka-go github.com/twmb/franz-go github.com/confluentinc/confluent-kafka-go ext-rdkafka"),
			variables: []Variable{{Name: "KAFKA_BROKERS", Value: "{address}"}},
		},
		{
			name: "mongo", images: words("mongo mongodb mongodb-community-server percona-server-mongodb"), schemes: words("mongodb mongodb+srv"), prefixes: words("MONGO MONGODB"),
			packages:  words("pymongo motor mongoengine mongodb mongoose mongoid mongo spring-boot-starter-data-mongodb mongodb_driver ext-mongodb go.mongodb.org/mongo-driver"),
			variables: []Variable{{Name: "MONGODB_URI", Value: "mongodb://{address}/app"}},
		},
		{
			name: "memcached", images: words("memcached"), prefixes: words("MEMCACHED MEMCACHE"), packages: words("pymemcache pylibmc python-memcached memjs memcached dalli github.com/bradfitz/gomemcache ext-memcached"),
			variables: []Variable{{Name: "MEMCACHED_URL", Value: "{address}"}},
		},
		{
			name: "elasticsearch", images: words("elasticsearch opensearch"), prefixes: words("ELASTICSEARCH ELASTIC OPENSEARCH"),
			packages:  words("elasticsearch opensearch-py @elastic/elasticsearch @opensearch-project/opensearch elasticsearch-rails searchkick spring-boot-starter-data-elasticsearch github.com/elastic/go-elasticsearch"),
			variables: []Variable{{Name: "ELASTICSEARCH_URL", Value: "{url}"}},
		},
		{
			name: "nats", images: words("nats"), schemes: words("nats"), prefixes: words("NATS"), packages: words("nats-py nats nats-pure gnat github.com/nats-io/nats.go"),
			variables: []Variable{{Name: "NATS_URL", Value: "nats://{address}"}},
		},
		{
			name: "clickhouse", images: words("clickhouse-server clickhouse"), schemes: words("clickhouse"), prefixes: words("CLICKHOUSE"),
			packages:  words("clickhouse-driver clickhouse-connect @clickhouse/client click_house ecto_ch github.com/clickhouse/clickhouse-go"),
			variables: []Variable{{Name: "CLICKHOUSE_URL", Value: "{url}"}},
		},
		{
			name: "smtp", images: words("mailhog mailpit maildev mailcatcher mailtrap smtp4dev"), schemes: words("smtp smtps"), prefixes: words("SMTP MAIL EMAIL MAILER"),
			packages:  words("nodemailer aiosmtplib fastapi-mail flask-mail spring-boot-starter-mail symfony/mailer swoosh bamboo gomail github.com/wneessen/go-mail gopkg.in/gomail.v2"),
			variables: []Variable{{Name: "SMTP_HOST", Value: "{host}"}, {Name: "SMTP_PORT", Value: "{port}"}},
		},
	}
}

func words(text string) []string { return strings.Fields(text) }

// kindNamed is the kind of that name.
func kindNamed(name string) (kind, bool) {
	for _, k := range kinds() {
		if k.name == name {
			return k, true
		}
	}
	return kind{}, false
}

// ofImage is the kind that an image plays, false if none is known by it.
func ofImage(image string) (kind, bool) {
	name, _, _ := strings.Cut(image, "@")
	name = name[strings.LastIndexByte(name, '/')+1:]
	name, _, _ = strings.Cut(name, ":")
	for _, k := range kinds() {
		if slices.Contains(k.images, name) {
			return k, true
		}
	}
	return kind{}, false
}

// ofScheme is the kind that addresses of a scheme lead to: postgresql+asyncpg, jdbc:mysql.
func ofScheme(scheme string) (kind, bool) {
	scheme = strings.TrimPrefix(strings.ToLower(scheme), "jdbc:")
	base, _, _ := strings.Cut(scheme, "+")
	for _, k := range kinds() {
		if slices.Contains(k.schemes, scheme) || slices.Contains(k.schemes, base) {
			return k, true
		}
	}
	return kind{}, false
}

// ofPackages are findings of what a list of packages tells: what the service talks to, and
// what it guards itself against.
func ofPackages(file string, names map[string]int) []Finding {
	var all []Finding
	add := func(name string, d Dependency) {
		all = append(all, Finding{File: file, Line: names[name], Shown: name, Dependency: &d})
	}
	for _, name := range sorted(names) {
		for _, k := range kinds() {
			if slices.ContainsFunc(k.packages, func(p string) bool { return isPackage(p, name) }) {
				add(name, Dependency{Kind: k.name})
			}
		}
		for _, a := range apis() {
			if slices.ContainsFunc(a.packages, func(p string) bool { return isPackage(p, name) }) {
				if a.name == "sentry" {
					all = append(all, Finding{File: file, Line: names[name], Note: a.said})
					continue
				}
				add(name, a.dependency())
			}
		}
		for _, g := range guards() {
			if slices.Contains(g.packages, strings.ToLower(name)) {
				all = append(all, Finding{File: file, Line: names[name], Shown: name, Note: g.fix})
			}
		}
	}
	return all
}

// isPackage reports whether a package is the one that is meant, in whatever version: Go's
// paths end in /v5, and in parts of a module.
func isPackage(meant, name string) bool {
	name = strings.ToLower(name)
	return name == meant || strings.Contains(meant, "/") && strings.HasPrefix(name, meant+"/")
}
