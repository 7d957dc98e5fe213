package scaffold

import (
	"encoding/xml"
	"regexp"
	"strings"

	"holdfast.dev/holdfast/manifest"
)

// pom is what a pom.xml has that says something here.
type pom struct {
	ArtifactID   string `xml:"artifactId"`
	Version      string `xml:"version"`
	Packaging    string `xml:"packaging"`
	Dependencies []struct {
		ArtifactID string `xml:"artifactId"`
	} `xml:"dependencies>dependency"`
	FinalName string   `xml:"build>finalName"`
	Modules   []string `xml:"modules>module"`
	Parent    struct {
		Version string `xml:"version"`
	} `xml:"parent"`
}

var gradleDependency = regexp.MustCompile(`["'][A-Za-z0-9_.-]+:([A-Za-z0-9_.-]+)(?::[^"']*)?["']`)

// java looks for a Spring Boot program that Maven or Gradle builds.
func java(f folder) []Finding {
	if text, ok := f.read("pom.xml"); ok {
		return maven(f, text)
	}
	file, text, ok := f.first("build.gradle", "build.gradle.kts")
	if !ok {
		return nil
	}
	names := matched(gradleDependency, text)
	all := ofPackages(f.name(file), names)
	if !strings.Contains(text, "org.springframework.boot") {
		return all
	}
	gradle := "gradle"
	if f.has("gradlew") {
		gradle = "./gradlew"
	}
	found := Finding{File: f.name(file), Line: lineOf(text, "org.springframework.boot"), Shown: "org.springframework.boot"}
	all = append(all, springSettings(found, names)...)
	p := spring(names)
	p.Command = []string{gradle, "--no-daemon", "--quiet", "bootRun"}
	p.Said = append(p.Said, "a jar starts faster than Gradle does: build: ["+gradle+", bootJar] and command: [java, -jar, build/libs/NAME.jar]")
	return append(all, found.with(p))
}

func maven(f folder, text string) []Finding {
	var m pom
	if err := xml.Unmarshal([]byte(text), &m); err != nil {
		f.log.say(f.name("pom.xml"), "it is no pom.xml that can be read")
		return nil
	}
	names := map[string]int{}
	for _, d := range m.Dependencies {
		names[d.ArtifactID] = lineOf(text, "<artifactId>"+d.ArtifactID)
	}
	all := ofPackages(f.name("pom.xml"), names)
	if !strings.Contains(text, "spring-boot") || len(m.Modules) > 0 {
		return all
	}
	mvn := "mvn"
	if f.has("mvnw") {
		mvn = "./mvnw"
	}
	version := m.Version
	if version == "" {
		version = m.Parent.Version
	}
	jar := m.ArtifactID + "-" + version
	if m.FinalName != "" {
		jar = m.FinalName
	}
	found := Finding{File: f.name("pom.xml"), Line: lineOf(text, "spring-boot"), Shown: "spring-boot"}
	all = append(all, springSettings(found, names)...)
	p := spring(names)
	p.Build = []string{mvn, "-q", "-DskipTests", "package"}
	p.Command = []string{"java", "-jar", "target/" + jar + ".jar"}
	if strings.Contains(jar, "${") || jar == "-" {
		p.Build, p.Command = nil, []string{mvn, "-q", "spring-boot:run"}
		p.Said = append(p.Said, "the name of the jar could not be told from pom.xml, so Maven starts it")
	}
	return append(all, found.with(p))
}

// spring is a program of Spring Boot, whose settings are variables by its own rule.
func spring(packages map[string]int) Process {
	p := Process{Name: "web", Entry: true, PassEnv: []string{"JAVA_HOME"}, Env: []Variable{{Name: "SERVER_ADDRESS", Value: "{host}"}, {Name: "SERVER_PORT", Value: "{port}"}}, Ready: manifest.Ready{Timeout: manifest.Duration(60e9)}}
	if packages["spring-boot-starter-actuator"] > 0 {
		p.Ready.HTTP = "/actuator/health"
	} else {
		p.Ready.TCP = "http"
	}
	return p
}

// springSettings are the variables by which Spring finds what its starters talk to.
func springSettings(found Finding, packages map[string]int) []Finding {
	var all []Finding
	for _, s := range []struct{ starter, name, value string }{
		{"postgresql", "SPRING_DATASOURCE_URL", "jdbc:postgresql://localhost/app"}, {"postgresql", "SPRING_DATASOURCE_USERNAME", ""}, {"postgresql", "SPRING_DATASOURCE_PASSWORD", ""},
		{"mysql-connector-j", "SPRING_DATASOURCE_URL", "jdbc:mysql://localhost/app"}, {"mysql-connector-j", "SPRING_DATASOURCE_USERNAME", ""}, {"mysql-connector-j", "SPRING_DATASOURCE_PASSWORD", ""},
		{"spring-boot-starter-data-redis", "SPRING_DATA_REDIS_HOST", ""}, {"spring-boot-starter-data-redis", "SPRING_DATA_REDIS_PORT", ""},
		{"spring-kafka", "SPRING_KAFKA_BOOTSTRAP_SERVERS", ""}, {"spring-boot-starter-amqp", "SPRING_RABBITMQ_HOST", ""}, {"spring-boot-starter-amqp", "SPRING_RABBITMQ_PORT", ""},
		{"spring-boot-starter-data-mongodb", "SPRING_DATA_MONGODB_URI", ""}, {"spring-boot-starter-mail", "SPRING_MAIL_HOST", ""}, {"spring-boot-starter-mail", "SPRING_MAIL_PORT", ""},
	} {
		if packages[s.starter] > 0 {
			found.Process, found.Variable = nil, &Variable{Name: s.name, Value: s.value}
			all = append(all, found)
		}
	}
	return all
}
