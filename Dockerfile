# The static program and nothing else: make image. It runs as nobody, so give it a folder
# that its user may write to, and a Postgres by its address:
#   docker run --rm --network host -u "$(id -u)" -v "$PWD:/work" -e HOLDFAST_DATABASE_URL holdfast run --service . --all
FROM scratch AS program
COPY holdfast /holdfast
USER 65532:65532
WORKDIR /work

# In the place of Toxiproxy's own image, for its modules for Testcontainers: docs/desk.md.
FROM program AS toxiproxy
EXPOSE 8474
ENTRYPOINT ["/holdfast", "fake", "toxiproxy"]
CMD ["-host=0.0.0.0"]

FROM program
ENTRYPOINT ["/holdfast"]
