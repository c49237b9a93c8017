"""`python -m hack.stack`: the example shop on a real Kubernetes, as `make demo-cluster` runs it."""

import argparse
import subprocess
import sys

from hack.cluster.errors import ClusterError
from hack.cluster.progress import say
from hack.demo.ask import ask
from hack.demo.errors import DemoError
from hack.stack.install import Stack, bring_up, find
from hack.stack.shop import Shop
from kefu_operator.cli.gateway import Gateway

NAMESPACE = "shop"


def main() -> int:
    """Run one command; 0 done, 1 failed with a sentence that says what to do."""
    parser = argparse.ArgumentParser(prog="python -m hack.stack", description=__doc__)
    parser.add_argument("command", choices=["demo", "up", "down"], help="demo: up, apply examples/shop, ask")
    command = parser.parse_args().command
    try:
        if command == "down":
            find().down()
        else:
            stack = bring_up()
            if command == "demo":
                demo(stack)
    except (ClusterError, DemoError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"error: {' '.join(map(str, error.cmd[2:]))} failed; its last lines are above", file=sys.stderr)
        return 1
    return 0


def demo(stack: Stack) -> None:
    """Apply the example, wait for it, ask, and say how to go on."""
    shop = Shop(stack.kube, NAMESPACE)
    say("kubectl apply -f examples/shop")
    shop.apply()
    say("kubectl wait --for=condition=Ready chatbot/shop")
    shop.wait()
    print(stack.kube.kubectl("get", "chatbot,ki", "-n", NAMESPACE))
    url, key = shop.url(), shop.key()
    ask(Gateway(url, key))
    say("three answers")
    print(f"""
The chat page:   {url}/#key={key}
Look around:     eval "$(python3 -m hack.cluster env)" && kubectl get chatbot,ki,pods -n {NAMESPACE}
Edit an answer:  kubectl edit configmap shop-faq -n {NAMESPACE}
Stop:            make demo-cluster-down""")


if __name__ == "__main__":
    sys.exit(main())
