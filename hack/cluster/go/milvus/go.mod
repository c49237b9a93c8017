module kefu.dev/hack/cluster/go/milvus

go 1.26.4

require github.com/zilliztech/milvus-operator v1.3.7
