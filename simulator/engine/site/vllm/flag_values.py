"""Names, defaults and value sets of the arguments of `vllm serve` 0.33, and the parsers it knows."""

SHORT = {
    "tensor-parallel-size": "-tp",
    "pipeline-parallel-size": "-pp",
    "data-parallel-size": "-dp",
    "compilation-config": "-cc",
    "quantization": "-q",
    "optimization-level": "-O",
    "nnodes": "-n",
    "node-rank": "-r",
}

WORDS = """model host tokenizer revision code-revision tokenizer-revision hf-config-path download-dir
    hf-token tool-call-parser tool-parser-plugin reasoning-parser reasoning-parser-plugin
    chat-template attention-backend mamba-backend mxfp4-backend mxfp4-layers response-role
    ssl-keyfile ssl-certfile root-path master-addr data-parallel-address override-attention-dtype
    generation-config logits-processors config-format uvicorn-log-level scheduling-policy
    distributed-timeout-seconds allowed-local-media-path otlp-traces-endpoint"""

NUMBERS = """max-num-seqs max-num-batched-tokens kv-cache-memory-bytes block-size
        max-cudagraph-capture-size num-gpu-blocks-override max-logprobs long-prefill-token-threshold
        max-num-partial-prefills mamba-cache-philox-rounds mamba-block-size rope-theta
        max-lora-rank max-loras stream-interval max-parallel-loading-workers
        data-parallel-size-local data-parallel-rpc-port"""

COUNTS = {
    "port": 8000,
    "tensor-parallel-size": 1,
    "pipeline-parallel-size": 1,
    "data-parallel-size": 1,
    "nnodes": 1,
    "node-rank": 0,
    "master-port": 29501,
    "seed": 0,
    "api-server-count": 1,
}

SHARES: dict[str, float | None] = {
    "gpu-memory-utilization": 0.92,
    "gpu-memory-utilization-gb": None,
    "cpu-offload-gb": 0.0,
    "mm-processor-cache-gb": 4.0,
    "kv-offloading-size": None,
}

JSONS = """speculative-config compilation-config reasoning-config mm-processor-kwargs
    limit-mm-per-prompt default-chat-template-kwargs hf-overrides override-generation-config
    kv-transfer-config media-io-kwargs rope-scaling model-loader-extra-config pooler-config
    additional-config structured-outputs-config kernel-config attention-config"""

LISTS = """served-model-name api-key lora-modules middleware allowed-origins allowed-methods
    allowed-headers cudagraph-capture-sizes"""

SWITCHES = """trust-remote-code enable-prefix-caching enable-chunked-prefill async-scheduling
    enforce-eager enable-auto-tool-choice enable-sleep-mode language-model-only headless
    enable-log-requests enable-log-outputs disable-log-stats enable-expert-parallel enable-lora
    enable-prompt-tokens-details enable-server-load-tracking enable-force-include-usage
    disable-uvicorn-access-log disable-frontend-multiprocessing disable-custom-all-reduce
    enable-mamba-cache-stochastic-rounding enable-tokenizer-info-endpoint skip-mm-profiling
    disable-hybrid-kv-cache-manager return-tokens-as-token-ids enable-dbo enable-eplb
    interleave-mm-strings calculate-kv-scales disable-fastapi-docs enable-return-routed-experts
    exclude-tools-when-tool-choice-none use-tqdm-on-load allow-credentials"""

CHOICES: dict[str, tuple[str | None, str]] = {
    "load-format": (
        "auto",
        """auto hf dummy fastsafetensors instanttensor ipc_cache mistral modelexpress npcache pt
        runai_streamer runai_streamer_sharded safetensors sharded_state tensorizer""",
    ),
    "kv-cache-dtype": (
        "auto",
        """auto float16 bfloat16 fp8 fp8_e4m3 fp8_e5m2 fp8_inc fp8_ds_mla nvfp4 nvfp4_4over6
        nvfp4_ds_mla ultraquant_4bit int4_per_token_head int8_per_token_head fp8_per_token_head""",
    ),
    "moe-backend": (
        "auto",
        """auto triton batched_triton deep_gemm deep_gemm_mega_moe cutlass flashinfer_trtllm
        flashinfer_cutlass flashinfer_cutedsl flashinfer_b12x b12x marlin humming triton_unfused
        aiter flydsl hpc emulation rdna3""",
    ),
    "linear-backend": (
        "auto",
        """auto cutlass flashinfer_cutlass flashinfer_cutedsl flashinfer_trtllm flashinfer_cudnn
        flashinfer_b12x b12x marlin humming triton deep_gemm torch aiter machete fbgemm conch
        exllama emulation xpu xpu_woq""",
    ),
    "quantization": (
        None,
        """awq auto_awq fp8 modelopt modelopt_fp4 modelopt_mxfp8 modelopt_mixed gptq auto_gptq
        gptq_marlin awq_marlin compressed-tensors mxfp4 gpt_oss_mxfp4 deepseek_v4_fp8 inc quark
        torchao moe_wna16 experts_int8 online bitsandbytes auto-round""",
    ),
    "dtype": ("auto", "auto half float16 bfloat16 float float32"),
    "distributed-executor-backend": (None, "ray mp uni external_launcher"),
    "runner": ("auto", "auto generate pooling draft"),
    "convert": ("auto", "auto none embed classify"),
    "tokenizer-mode": ("auto", "auto hf slow mistral custom deepseek_v32 deepseek_v4 deepseek_v41"),
    "model-impl": ("auto", "auto vllm transformers terratorch"),
    "mamba-cache-dtype": ("auto", "auto float16 float32 bfloat16"),
    "mamba-ssm-cache-dtype": ("auto", "auto float16 float32 bfloat16"),
    "mamba-cache-mode": ("none", "none all align"),
    "safetensors-load-strategy": ("lazy", "lazy eager prefetch torchao"),
    "optimization-level": ("2", "0 1 2 3"),
    "chat-template-content-format": ("auto", "auto openai string"),
}

TOOL_PARSERS = """deepseek_v3 deepseek_v31 deepseek_v32 deepseek_v4 deepseek_v41 ernie45 functiongemma gemma4
    glm45 glm47 granite hermes hunyuan_a13b internlm jamba kimi_k2 kimi_k3 llama3_json
    llama4_pythonic minicpm5 minimax minimax_m2 minimax_m3 mistral olmo3 openai phi4_mini_json
    pythonic qwen3_coder qwen3_xml seed_oss step3 step3p5 step5 xlam"""

REASONING_PARSERS = """deepseek_r1 deepseek_v3 deepseek_v4 deepseek_v41 ernie45 gemma4 glm45 glm47 granite
    hunyuan_a13b kimi_k2 kimi_k3 minimax_m2 minimax_m2_append_think minimax_m3 mistral
    nemotron_v3 olmo3 openai_gptoss qwen3 seed_oss step3 step3p5 step5"""
