// A plain client-go controller that makes, for each ChatbotDeployment, the objects and the status of a work list: the peer
// of the operator's benchmark. It is written as the controllers of the Kubernetes documentation are: shared informers, a
// rate-limited work queue, workers that look into the informers' caches and apply what is absent.
//
// It decides nothing and computes nothing, so what it takes is what the API server and the writes take.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/workqueue"
)

const manager = "kefu-operator"

// item is one object to make, and how.
type item struct {
	Resource string         `json:"resource"` // plural
	Create   bool           `json:"create"`   // by POST, as Secrets are; else by server-side apply
	Object   map[string]any `json:"object"`
}

// work is what one chatbot needs.
type work struct {
	Children []item         `json:"children"`
	Status   map[string]any `json:"status"`
}

type list struct {
	Kinds []string        `json:"kinds"` // group/version/plural of every kind of child
	Work  map[string]work `json:"work"`  // by chatbot
}

type controller struct {
	client    dynamic.Interface
	namespace string
	list      list
	resources map[string]schema.GroupVersionResource
	caches    map[string]cache.GenericLister
	chatbots  cache.GenericLister
	queue     workqueue.TypedRateLimitingInterface[string]
}

var chatbots = schema.GroupVersionResource{Group: "kefu.dev", Version: "v1alpha1", Resource: "chatbotdeployments"}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "of the cluster")
	namespace := flag.String("namespace", "default", "of the chatbots")
	path := flag.String("work", "", "the work list")
	workers := flag.Int("workers", 10, "that reconcile at a time")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, *kubeconfig, *namespace, *path, *workers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, kubeconfig, namespace, path string, workers int) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	c := &controller{
		namespace: namespace,
		resources: map[string]schema.GroupVersionResource{},
		caches:    map[string]cache.GenericLister{},
		queue:     workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]()),
	}
	if err := json.Unmarshal(text, &c.list); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	config.QPS = -1 // no client limit
	config.UserAgent = "kefu-bench-peer"
	if c.client, err = dynamic.NewForConfig(config); err != nil {
		return err
	}
	if err := c.watch(ctx); err != nil {
		return err
	}
	fmt.Println("ready")
	var group sync.WaitGroup
	for range workers {
		group.Go(func() { c.work(ctx) })
	}
	<-ctx.Done()
	c.queue.ShutDown()
	group.Wait()
	return nil
}

// watch starts the informers and returns when all of them have listed their kind.
func (c *controller) watch(ctx context.Context) error {
	ours := dynamicinformer.NewFilteredDynamicSharedInformerFactory(c.client, 0, c.namespace, func(o *metav1.ListOptions) {
		o.LabelSelector = "app.kubernetes.io/managed-by=" + manager
	})
	all := dynamicinformer.NewFilteredDynamicSharedInformerFactory(c.client, 0, c.namespace, nil)
	for _, kind := range c.list.Kinds {
		gvr, _ := schema.ParseResourceArg(kind)
		if gvr == nil {
			return fmt.Errorf("kind %q is not resource.version.group", kind)
		}
		if gvr.Group == "core" {
			gvr.Group = ""
		}
		c.resources[gvr.Resource] = *gvr
		if gvr.Resource == "secrets" {
			continue // made without being read, as the operator does
		}
		informer := ours.ForResource(*gvr)
		c.caches[gvr.Resource] = informer.Lister()
		_, err := informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
			UpdateFunc: func(_, found any) { c.enqueueOwner(found) },
			DeleteFunc: func(found any) { c.enqueueOwner(found) },
		})
		if err != nil {
			return err
		}
	}
	informer := all.ForResource(chatbots)
	c.chatbots = informer.Lister()
	_, err := informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(found any) { c.queue.Add(found.(*unstructured.Unstructured).GetName()) },
	})
	if err != nil {
		return err
	}
	ours.Start(ctx.Done())
	all.Start(ctx.Done())
	for gvr, synced := range ours.WaitForCacheSync(ctx.Done()) {
		if !synced {
			return fmt.Errorf("%s cannot be listed", gvr)
		}
	}
	all.WaitForCacheSync(ctx.Done())
	return nil
}

func (c *controller) enqueueOwner(found any) {
	object, ok := found.(*unstructured.Unstructured)
	if !ok {
		return
	}
	for _, owner := range object.GetOwnerReferences() {
		c.queue.Add(owner.Name)
	}
}

func (c *controller) work(ctx context.Context) {
	for {
		name, ended := c.queue.Get()
		if ended {
			return
		}
		if err := c.reconcile(ctx, name); err != nil {
			fmt.Fprintln(os.Stderr, name, err)
			c.queue.AddRateLimited(name)
		} else {
			c.queue.Forget(name)
		}
		c.queue.Done(name)
	}
}

func (c *controller) reconcile(ctx context.Context, name string) error {
	found, err := c.chatbots.ByNamespace(c.namespace).Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	} else if err != nil {
		return err
	}
	chatbot := found.(*unstructured.Unstructured)
	todo, known := c.list.Work[name]
	if !known {
		return nil
	}
	for _, each := range todo.Children {
		if err := c.make(ctx, each, chatbot); err != nil {
			return err
		}
	}
	if _, told, _ := unstructured.NestedMap(chatbot.Object, "status"); told {
		return nil
	}
	status := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": chatbot.GetAPIVersion(),
		"kind":       chatbot.GetKind(),
		"metadata":   map[string]any{"name": name, "namespace": c.namespace, "uid": string(chatbot.GetUID())},
		"status":     todo.Status,
	}}
	_, err = c.client.Resource(chatbots).Namespace(c.namespace).
		ApplyStatus(ctx, name, status, metav1.ApplyOptions{FieldManager: manager, Force: true})
	return err
}

func (c *controller) make(ctx context.Context, each item, chatbot *unstructured.Unstructured) error {
	object := (&unstructured.Unstructured{Object: each.Object}).DeepCopy()
	if lister, watched := c.caches[each.Resource]; watched {
		if _, err := lister.ByNamespace(c.namespace).Get(object.GetName()); err == nil {
			return nil
		}
	}
	owners := object.GetOwnerReferences()
	for i := range owners {
		owners[i].UID = chatbot.GetUID()
	}
	object.SetOwnerReferences(owners)
	object.SetNamespace(c.namespace)
	client := c.client.Resource(c.resources[each.Resource]).Namespace(c.namespace)
	if each.Create {
		_, err := client.Create(ctx, object, metav1.CreateOptions{FieldManager: manager})
		if apierrors.IsAlreadyExists(err) {
			return nil
		}
		return err
	}
	_, err := client.Apply(ctx, object.GetName(), object, metav1.ApplyOptions{FieldManager: manager, Force: true})
	return err
}
