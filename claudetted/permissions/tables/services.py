"""Owns the table of containers, clusters, packages of the machine and databases."""

from claudetted.permissions.options import CARRIES, Program

_FETCHES = Program(code="all")
_EVERYTHING = Program(never="It does things that cannot be told from its words.")
_DATABASE = Program(never="It runs what its database is told.")
_CONTAINER = Program(carries=True, never="It starts a container that can hold the machine's files.")
_DOCKER = "Docker 28.2"
_COMPOSE = Program(
    "Docker Compose 2",
    sub=True,
    runs="-f= --file= --env-file= --project-directory= --profile= -p=",
)
_DOCKER_NOUNS = "container image volume network system builder buildx context service"
_LISTED = "-a -q -f=text --all --quiet --format=text --filter=text --no-trunc"
_COMPOSE_READS = {
    "ps": "-a -q --all --quiet --services --format=word --status=word",
    "logs": "-f -t -n=word --follow --timestamps --tail=word --since=text --until=text "
    "--no-color --no-log-prefix",
    "images": "-q --quiet --format=word",
    "top": "",
}
_CLUSTER = "-n=name -A -l=text --namespace=name --all-namespaces --selector=text"


def _docker(harmless: str) -> Program:
    return Program(_DOCKER, harmless, texts=-1, operand=r"[A-Za-z0-9][\w.:/@-]*")


def _kubectl(harmless: str) -> Program:
    return Program(
        "kubectl 1.32",
        harmless,
        texts=-1,
        operand=r"[A-Za-z][\w./,:-]*",
        moves="--kubeconfig= --context= -s= --server= --token= --as= --cluster= --user= -k= "
        "--filename= --kustomize= --cache-dir= --raw=",
    )


PROGRAMS: dict[str, Program] = {
    "docker": Program(
        _DOCKER,
        "-v --version",
        ends="-v --version",
        sub=True,
        moves="-H= --host= -c= --context= --config=",
    ),
    "docker ps": _docker(f"{_LISTED} -n=num -l -s --last=num --latest --size"),
    "docker images": _docker(f"{_LISTED} --digests"),
    "docker logs": _docker(
        "-f -t -n=word --follow --timestamps --tail=word --since=text --until=text --details"
    ),
    "docker inspect": _docker("-f=text -s --format=text --size --type=word"),
    "docker version": _docker("-f=text --format=text"),
    "docker info": _docker("-f=text --format=text"),
    "docker stats": _docker("-a --all --no-stream --no-trunc --format=text"),
    "docker top": _docker(""),
    "docker port": _docker(""),
    "docker diff": _docker(""),
    "docker history": _docker("-H -q --human --quiet --no-trunc --format=text"),
    "docker run": _CONTAINER,
    "docker exec": CARRIES,
    **{f"docker {noun}": Program(_DOCKER, sub=True) for noun in _DOCKER_NOUNS.split()},
    "docker container ls": _docker(f"{_LISTED} -n=num -l -s"),
    "docker image ls": _docker(f"{_LISTED} --digests"),
    "docker volume ls": _docker(_LISTED),
    "docker network ls": _docker(_LISTED),
    "docker container run": _CONTAINER,
    "docker container exec": CARRIES,
    "docker compose": _COMPOSE,
    "docker compose exec": CARRIES,
    "docker compose run": CARRIES,
    "docker-compose": _COMPOSE,
    "docker-compose exec": CARRIES,
    "docker-compose run": CARRIES,
    **{
        f"{compose} {verb}": Program("Docker Compose 2", options, texts=-1, operand="name")
        for compose in ("docker compose", "docker-compose")
        for verb, options in _COMPOSE_READS.items()
    },
    "docker cp": Program(exact=True),
    "podman": Program(sub=True),
    "podman run": _CONTAINER,
    "podman exec": CARRIES,
    "kubectl": Program(
        "kubectl 1.32",
        "-n=name --namespace=name",
        sub=True,
        moves="--kubeconfig= --context= -s= --server= --token= --as= --cluster= --user=",
    ),
    "kubectl get": _kubectl(
        f"{_CLUSTER} -o=fields -w -L=text --output=fields --watch --show-labels --sort-by=text "
        "--field-selector=text --no-headers --ignore-not-found --label-columns=text"
    ),
    "kubectl describe": _kubectl(f"{_CLUSTER} --show-events"),
    "kubectl logs": _kubectl(
        f"{_CLUSTER} -f -p -c=name --container=name --tail=num --since=text --follow --previous "
        "--timestamps --all-containers --prefix --since-time=text --limit-bytes=num"
    ),
    "kubectl top": _kubectl(f"{_CLUSTER} --containers --no-headers --sort-by=text"),
    "kubectl explain": _kubectl("--recursive --api-version=text"),
    "kubectl version": _kubectl("--client -o=yaml|json --output=yaml|json"),
    "kubectl api-resources": _kubectl("-o=wide|name --namespaced --no-headers"),
    "kubectl exec": CARRIES,
    "kubectl delete": _EVERYTHING,
    "kubectl apply": _EVERYTHING,
    "helm": Program(sub=True, runs="--post-renderer="),
    "aws": Program(sub=True),
    "aws *": Program(code="all"),
    "gcloud": Program(sub=True),
    "gcloud *": Program(code="all"),
    "brew": Program(sub=True),
    "brew install": _FETCHES,
    "apt": Program(sub=True, runs="-o= -c="),
    "apt-get": Program(sub=True, runs="-o= -c="),
    "apt *": Program(code="all"),
    "apt-get *": Program(code="all"),
    "systemctl": Program(sub=True),
    "systemctl *": Program(exact=True),
    **dict.fromkeys(("psql", "mysql", "sqlite3", "mongosh"), _DATABASE),
    "redis-cli": Program(sub=True),
    "claudette": Program(never="It speaks to the daemon that asks."),
    "claudetted": Program(never="It speaks to the daemon that asks."),
}
