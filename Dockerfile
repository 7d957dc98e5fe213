# The static program and nothing else: make image. It runs as nobody, so give it a folder
# that its user may write to, and a Postgres by its address:
#   docker run --rm --network host -u "$(id -u)" -v "$PWD:/work" -e HOLDFAST_DATABASE_URL holdfast run --service . --all
FROM scratch
COPY holdfast /holdfast
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["/holdfast"]
