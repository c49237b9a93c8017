"""LlamaIndex, Haystack and LangChain, each in front of the same Milvus Lite; they run in an environment of their own."""
