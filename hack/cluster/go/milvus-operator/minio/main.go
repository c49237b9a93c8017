// Command minio answers the one question of MinIO's own API that the Milvus operator asks, how its servers are, and hands
// every other request to an S3 server behind it.
//
// usage: minio -listen :9000 -s3 http://127.0.0.1:9001
package main

import (
	"encoding/json"
	"flag"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"time"
)

// Where github.com/minio/madmin-go's ServerInfo asks.
const infoPath = "/minio/admin/v3/info"

func main() {
	listen := flag.String("listen", ":9000", "address to listen on")
	behind := flag.String("s3", "http://127.0.0.1:9001", "the S3 server")
	flag.Parse()
	address, err := url.Parse(*behind)
	if err != nil {
		log.Fatal(err)
	}
	// Only the address is changed: the host that the caller named is part of what it signed.
	s3 := &httputil.ReverseProxy{Rewrite: func(request *httputil.ProxyRequest) {
		request.Out.URL.Scheme, request.Out.URL.Host = address.Scheme, address.Host
		request.Out.Host = request.In.Host
	}}
	http.Handle("/", s3)
	http.HandleFunc(infoPath, func(answer http.ResponseWriter, request *http.Request) {
		// A signature of another key would be refused; that the key is the right one is all that is looked at here.
		if !strings.Contains(request.Header.Get("Authorization"), "Credential="+os.Getenv("ROOT_ACCESS_KEY")+"/") {
			http.Error(answer, "another access key", http.StatusForbidden)
			return
		}
		if connection, err := net.DialTimeout("tcp", address.Host, time.Second); err != nil {
			http.Error(answer, err.Error(), http.StatusServiceUnavailable)
			return
		} else {
			connection.Close()
		}
		json.NewEncoder(answer).Encode(map[string]any{"mode": "online", "servers": []any{map[string]string{"state": "online"}}})
	})
	log.Fatal(http.ListenAndServe(*listen, nil))
}
