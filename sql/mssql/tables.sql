-- Written by `make schema` from data/models: read it, do not run it. `monitora migrate` makes the tables.

CREATE TABLE app_users (
	id UNIQUEIDENTIFIER NOT NULL,
	email NVARCHAR(255) NOT NULL,
	password_hash NVARCHAR(500) NOT NULL,
	password_salt NVARCHAR(255) NOT NULL,
	full_name NVARCHAR(255) NULL,
	role NVARCHAR(50) NOT NULL DEFAULT 'admin',
	is_active BIT NOT NULL DEFAULT 1,
	failed_login_attempts INTEGER NOT NULL DEFAULT 0,
	locked_until DATETIME2(6) NULL,
	last_login_at DATETIME2(6) NULL,
	created_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	updated_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	CONSTRAINT pk_app_users PRIMARY KEY NONCLUSTERED (id),
	CONSTRAINT [CHK_app_users_role] CHECK (role IN ('admin', 'lecteur')),
	CONSTRAINT uq_app_users_email UNIQUE (email)
);

CREATE CLUSTERED INDEX idx_users_email ON app_users (email);

CREATE TABLE app_sessions (
	id UNIQUEIDENTIFIER NOT NULL,
	user_id UNIQUEIDENTIFIER NOT NULL,
	token_hash NVARCHAR(500) NOT NULL,
	refresh_token_hash NVARCHAR(500) NULL,
	ip_address NVARCHAR(50) NULL,
	user_agent NVARCHAR(500) NULL,
	expires_at DATETIME2(6) NOT NULL,
	last_activity_at DATETIME2(6) NULL,
	created_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	CONSTRAINT pk_app_sessions PRIMARY KEY NONCLUSTERED (id),
	CONSTRAINT fk_app_sessions_user_id FOREIGN KEY(user_id) REFERENCES app_users (id) ON DELETE CASCADE,
	CONSTRAINT uq_app_sessions_token_hash UNIQUE (token_hash)
);

CREATE INDEX idx_sessions_expires ON app_sessions (expires_at);

CREATE INDEX idx_sessions_token ON app_sessions (token_hash);

CREATE CLUSTERED INDEX idx_sessions_user ON app_sessions (user_id, created_at, id);

CREATE TABLE profiles (
	id UNIQUEIDENTIFIER NOT NULL,
	avatar_url NVARCHAR(max) NULL,
	phone NVARCHAR(20) NULL,
	country NVARCHAR(100) NULL,
	role NVARCHAR(50) NOT NULL DEFAULT 'admin',
	bio NVARCHAR(max) NULL,
	preferences NVARCHAR(max) NULL,
	created_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	updated_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	CONSTRAINT pk_profiles PRIMARY KEY NONCLUSTERED (id),
	CONSTRAINT fk_profiles_id FOREIGN KEY(id) REFERENCES app_users (id) ON DELETE CASCADE
);

CREATE TABLE workspaces (
	id UNIQUEIDENTIFIER NOT NULL,
	user_id UNIQUEIDENTIFIER NOT NULL,
	name NVARCHAR(255) NOT NULL,
	description NVARCHAR(max) NULL,
	website_url NVARCHAR(max) NULL,
	allowed_domains NVARCHAR(max) NULL,
	custom_css NVARCHAR(max) NULL,
	widget_settings NVARCHAR(max) NULL,
	is_active BIT NOT NULL DEFAULT 1,
	model NVARCHAR(100) NOT NULL DEFAULT 'mistral-small',
	temperature DOUBLE PRECISION NOT NULL DEFAULT 0.7,
	max_tokens INTEGER NOT NULL DEFAULT 900,
	system_prompt NVARCHAR(max) NULL,
	no_answer_text NVARCHAR(1000) NULL,
	no_answer_text_fr NVARCHAR(1000) NULL,
	contact_url NVARCHAR(2000) NULL,
	confidence_threshold DOUBLE PRECISION NULL,
	max_sources INTEGER NULL,
	created_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	updated_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	CONSTRAINT pk_workspaces PRIMARY KEY NONCLUSTERED (id),
	CONSTRAINT fk_workspaces_user_id FOREIGN KEY(user_id) REFERENCES profiles (id) ON DELETE CASCADE
);

CREATE CLUSTERED INDEX idx_workspaces_user_id ON workspaces (user_id, created_at, id);

CREATE TABLE analytics_daily (
	id UNIQUEIDENTIFIER NOT NULL,
	workspace_id UNIQUEIDENTIFIER NOT NULL,
	date DATETIME NOT NULL,
	total_conversations INTEGER NOT NULL DEFAULT 0,
	total_messages INTEGER NOT NULL DEFAULT 0,
	unique_visitors INTEGER NOT NULL DEFAULT 0,
	avg_messages_per_conversation DOUBLE PRECISION NULL,
	avg_response_time_ms DOUBLE PRECISION NULL,
	avg_rag_score DOUBLE PRECISION NULL,
	satisfaction_rate DOUBLE PRECISION NULL,
	response_count INTEGER NOT NULL DEFAULT 0,
	scored_count INTEGER NOT NULL DEFAULT 0,
	rated_count INTEGER NOT NULL DEFAULT 0,
	tokens_used BIGINT NOT NULL DEFAULT 0,
	created_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	updated_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	CONSTRAINT pk_analytics_daily PRIMARY KEY NONCLUSTERED (id),
	CONSTRAINT uq_analytics_daily_workspace_id_date UNIQUE (workspace_id, date),
	CONSTRAINT fk_analytics_daily_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE CLUSTERED INDEX idx_analytics_workspace_date ON analytics_daily (workspace_id, date);

CREATE TABLE api_keys (
	id UNIQUEIDENTIFIER NOT NULL,
	workspace_id UNIQUEIDENTIFIER NOT NULL,
	name NVARCHAR(255) NOT NULL,
	key_prefix NVARCHAR(20) NOT NULL,
	key_hash NVARCHAR(255) NOT NULL,
	last_used_at DATETIME2(6) NULL,
	expires_at DATETIME2(6) NULL,
	revoked_at DATETIME2(6) NULL,
	created_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	updated_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	CONSTRAINT pk_api_keys PRIMARY KEY NONCLUSTERED (id),
	CONSTRAINT fk_api_keys_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE,
	CONSTRAINT uq_api_keys_key_hash UNIQUE (key_hash)
);

CREATE INDEX idx_api_keys_key_prefix ON api_keys (key_prefix);

CREATE CLUSTERED INDEX idx_api_keys_workspace_id ON api_keys (workspace_id, created_at, id);

CREATE TABLE audit_log (
	id UNIQUEIDENTIFIER NOT NULL,
	workspace_id UNIQUEIDENTIFIER NOT NULL,
	action NVARCHAR(50) NOT NULL,
	actor_email NVARCHAR(255) NULL,
	subject_id UNIQUEIDENTIFIER NULL,
	row_count INTEGER NOT NULL,
	created_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	CONSTRAINT pk_audit_log PRIMARY KEY NONCLUSTERED (id),
	CONSTRAINT fk_audit_log_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE CLUSTERED INDEX idx_audit_log_workspace ON audit_log (workspace_id, created_at, id);

CREATE TABLE conversations (
	id UNIQUEIDENTIFIER NOT NULL,
	workspace_id UNIQUEIDENTIFIER NOT NULL,
	visitor_id NVARCHAR(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
	visitor_name NVARCHAR(255) NULL,
	visitor_email NVARCHAR(255) NULL,
	title NVARCHAR(500) NULL,
	is_active BIT NOT NULL DEFAULT 1,
	message_count INTEGER NOT NULL DEFAULT 0,
	response_count INTEGER NOT NULL DEFAULT 0,
	response_ms BIGINT NOT NULL DEFAULT 0,
	scored_count INTEGER NOT NULL DEFAULT 0,
	score_sum DOUBLE PRECISION NOT NULL DEFAULT 0,
	low_confidence_count INTEGER NOT NULL DEFAULT 0,
	rated_count INTEGER NOT NULL DEFAULT 0,
	rating_sum INTEGER NOT NULL DEFAULT 0,
	last_message_at DATETIME2(6) NULL,
	archived_at DATETIME2(6) NULL,
	created_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	updated_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	CONSTRAINT pk_conversations PRIMARY KEY NONCLUSTERED (id),
	CONSTRAINT fk_conversations_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE INDEX idx_conversations_last_message ON conversations (workspace_id, last_message_at);

CREATE INDEX idx_conversations_visitor ON conversations (workspace_id, visitor_id, created_at, id);

CREATE CLUSTERED INDEX idx_conversations_workspace ON conversations (workspace_id, created_at, id);

CREATE TABLE documents (
	id UNIQUEIDENTIFIER NOT NULL,
	workspace_id UNIQUEIDENTIFIER NOT NULL,
	origin NVARCHAR(20) NOT NULL DEFAULT 'upload',
	name NVARCHAR(500) NOT NULL,
	title NVARCHAR(500) NULL,
	url NVARCHAR(2000) NULL,
	file_path NVARCHAR(max) NOT NULL,
	file_type NVARCHAR(50) NOT NULL,
	file_size BIGINT NOT NULL,
	content_hash NVARCHAR(64) NULL,
	replacement_path NVARCHAR(max) NULL,
	replacement_type NVARCHAR(50) NULL,
	replacement_size BIGINT NULL,
	replacement_hash NVARCHAR(64) NULL,
	warnings NVARCHAR(max) NULL,
	language NVARCHAR(10) NULL,
	published_at DATETIME2(6) NULL,
	modified_at DATETIME2(6) NULL,
	status NVARCHAR(20) NOT NULL DEFAULT 'pending',
	stage NVARCHAR(20) NOT NULL DEFAULT 'queued',
	progress DOUBLE PRECISION NOT NULL DEFAULT 0,
	error_code NVARCHAR(50) NULL,
	error NVARCHAR(max) NULL,
	is_indexed BIT NOT NULL DEFAULT 0,
	embedding_model NVARCHAR(100) NULL,
	chunk_count INTEGER NOT NULL DEFAULT 0,
	chunk_version INTEGER NOT NULL DEFAULT 0,
	page_count INTEGER NOT NULL DEFAULT 0,
	deleted_at DATETIME2(6) NULL,
	created_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	updated_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	CONSTRAINT pk_documents PRIMARY KEY NONCLUSTERED (id),
	CONSTRAINT [CHK_documents_file_size] CHECK (file_size > 0),
	CONSTRAINT fk_documents_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE INDEX idx_documents_content_hash ON documents (workspace_id, content_hash);

CREATE INDEX idx_documents_replacement_hash ON documents (workspace_id, replacement_hash);

CREATE INDEX idx_documents_status ON documents (status);

CREATE CLUSTERED INDEX idx_documents_workspace_id ON documents (workspace_id, deleted_at, created_at, id);

CREATE INDEX idx_documents_workspace_status ON documents (workspace_id, status, created_at, id);

CREATE INDEX idx_documents_workspace_updated ON documents (workspace_id, updated_at);

CREATE TABLE insights_cache (
	id UNIQUEIDENTIFIER NOT NULL,
	workspace_id UNIQUEIDENTIFIER NOT NULL,
	satisfaction_rate DOUBLE PRECISION NULL,
	avg_rag_score DOUBLE PRECISION NULL,
	avg_messages_per_conversation DOUBLE PRECISION NULL,
	low_confidence_count INTEGER NOT NULL DEFAULT 0,
	total_conversations INTEGER NOT NULL DEFAULT 0,
	total_messages INTEGER NOT NULL DEFAULT 0,
	scored_count INTEGER NOT NULL DEFAULT 0,
	rated_count INTEGER NOT NULL DEFAULT 0,
	calculated_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	CONSTRAINT pk_insights_cache PRIMARY KEY NONCLUSTERED (id),
	CONSTRAINT uq_insights_cache_workspace_id UNIQUE CLUSTERED (workspace_id),
	CONSTRAINT fk_insights_cache_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE TABLE jobs (
	id UNIQUEIDENTIFIER NOT NULL,
	kind NVARCHAR(30) NOT NULL,
	workspace_id UNIQUEIDENTIFIER NULL,
	subject_id UNIQUEIDENTIFIER NOT NULL,
	status NVARCHAR(20) NOT NULL DEFAULT 'waiting',
	attempts INTEGER NOT NULL DEFAULT 0,
	lease UNIQUEIDENTIFIER NULL,
	leased_until DATETIME2(6) NULL,
	not_before DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	progress DOUBLE PRECISION NOT NULL DEFAULT 0,
	error_code NVARCHAR(50) NULL,
	error NVARCHAR(max) NULL,
	created_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	CONSTRAINT pk_jobs PRIMARY KEY NONCLUSTERED (id),
	CONSTRAINT fk_jobs_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE INDEX idx_jobs_lease ON jobs (status, leased_until);

CREATE UNIQUE INDEX idx_jobs_subject ON jobs (kind, subject_id);

CREATE INDEX idx_jobs_turn ON jobs (status, workspace_id, not_before);

CREATE CLUSTERED INDEX idx_jobs_workspace ON jobs (workspace_id, created_at);

CREATE TABLE message_topics (
	id UNIQUEIDENTIFIER NOT NULL,
	workspace_id UNIQUEIDENTIFIER NOT NULL,
	topic_name NVARCHAR(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
	message_count INTEGER NOT NULL DEFAULT 0,
	sample_questions NVARCHAR(max) NULL,
	created_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	updated_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	CONSTRAINT pk_message_topics PRIMARY KEY NONCLUSTERED (id),
	CONSTRAINT uq_message_topics_workspace_id_topic_name UNIQUE (workspace_id, topic_name),
	CONSTRAINT fk_message_topics_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE CLUSTERED INDEX idx_message_topics_workspace ON message_topics (workspace_id, created_at, id);

CREATE TABLE response_cache (
	id UNIQUEIDENTIFIER NOT NULL,
	workspace_id UNIQUEIDENTIFIER NOT NULL,
	question_hash NVARCHAR(255) NOT NULL,
	original_question NVARCHAR(max) NOT NULL,
	cached_response NVARCHAR(max) NOT NULL,
	ttl_seconds INTEGER NOT NULL,
	hit_count INTEGER NOT NULL DEFAULT 0,
	expires_at DATETIME2(6) NULL,
	created_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	updated_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	CONSTRAINT pk_response_cache PRIMARY KEY NONCLUSTERED (id),
	CONSTRAINT fk_response_cache_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX idx_response_cache_hash ON response_cache (workspace_id, question_hash);

CREATE CLUSTERED INDEX idx_response_cache_workspace ON response_cache (workspace_id, created_at, id);

CREATE TABLE storage_usage (
	workspace_id UNIQUEIDENTIFIER NOT NULL,
	byte_count BIGINT NOT NULL DEFAULT 0,
	document_count INTEGER NOT NULL DEFAULT 0,
	page_count INTEGER NOT NULL DEFAULT 0,
	index_version BIGINT NOT NULL DEFAULT 0,
	embedder NVARCHAR(100) NULL,
	embedder_since DATETIME2(6) NULL,
	embedding_progress DOUBLE PRECISION NULL,
	CONSTRAINT pk_storage_usage PRIMARY KEY (workspace_id),
	CONSTRAINT fk_storage_usage_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE TABLE websites (
	id UNIQUEIDENTIFIER NOT NULL,
	workspace_id UNIQUEIDENTIFIER NOT NULL,
	url NVARCHAR(2000) NOT NULL,
	root_url NVARCHAR(2000) NULL,
	status NVARCHAR(20) NOT NULL DEFAULT 'pending',
	error_code NVARCHAR(50) NULL,
	error NVARCHAR(max) NULL,
	max_pages INTEGER NOT NULL,
	include_patterns NVARCHAR(max) NOT NULL,
	exclude_patterns NVARCHAR(max) NOT NULL,
	refresh_hours INTEGER NULL,
	is_dry_run BIT NOT NULL DEFAULT 0,
	crawl INTEGER NOT NULL DEFAULT 0,
	has_sitemaps_read BIT NOT NULL DEFAULT 0,
	is_partial BIT NOT NULL DEFAULT 0,
	found_count INTEGER NOT NULL DEFAULT 0,
	indexed_count INTEGER NOT NULL DEFAULT 0,
	unchanged_count INTEGER NOT NULL DEFAULT 0,
	skipped_count INTEGER NOT NULL DEFAULT 0,
	failed_count INTEGER NOT NULL DEFAULT 0,
	removed_count INTEGER NOT NULL DEFAULT 0,
	kept_count INTEGER NOT NULL DEFAULT 0,
	bytes_fetched BIGINT NOT NULL DEFAULT 0,
	seconds DOUBLE PRECISION NOT NULL DEFAULT 0,
	last_crawled_at DATETIME2(6) NULL,
	next_crawl_at DATETIME2(6) NULL,
	created_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	CONSTRAINT pk_websites PRIMARY KEY NONCLUSTERED (id),
	CONSTRAINT fk_websites_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE INDEX idx_websites_next_crawl ON websites (next_crawl_at);

CREATE CLUSTERED INDEX idx_websites_workspace ON websites (workspace_id, created_at, id);

CREATE TABLE workspace_databases (
	id UNIQUEIDENTIFIER NOT NULL,
	workspace_id UNIQUEIDENTIFIER NOT NULL,
	name NVARCHAR(255) NOT NULL,
	db_type NVARCHAR(50) NOT NULL,
	host NVARCHAR(255) NOT NULL,
	port INTEGER NOT NULL,
	[database] NVARCHAR(255) NOT NULL,
	username NVARCHAR(255) NULL,
	password_encrypted NVARCHAR(500) NULL,
	description NVARCHAR(max) NULL,
	is_active BIT NOT NULL DEFAULT 1,
	created_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	updated_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	CONSTRAINT pk_workspace_databases PRIMARY KEY NONCLUSTERED (id),
	CONSTRAINT [CHK_db_type] CHECK (db_type IN ('sqlserver', 'mysql', 'postgres')),
	CONSTRAINT fk_workspace_databases_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE CLUSTERED INDEX idx_workspace_databases_workspace ON workspace_databases (workspace_id, created_at, id);

CREATE TABLE workspace_figures (
	workspace_id UNIQUEIDENTIFIER NOT NULL,
	stored_count INTEGER NOT NULL DEFAULT 0,
	conversation_count INTEGER NOT NULL DEFAULT 0,
	active_count INTEGER NOT NULL DEFAULT 0,
	visitor_count INTEGER NOT NULL DEFAULT 0,
	message_count INTEGER NOT NULL DEFAULT 0,
	response_count INTEGER NOT NULL DEFAULT 0,
	response_ms BIGINT NOT NULL DEFAULT 0,
	scored_count INTEGER NOT NULL DEFAULT 0,
	score_sum DOUBLE PRECISION NOT NULL DEFAULT 0,
	low_confidence_count INTEGER NOT NULL DEFAULT 0,
	rated_count INTEGER NOT NULL DEFAULT 0,
	rating_sum INTEGER NOT NULL DEFAULT 0,
	CONSTRAINT pk_workspace_figures PRIMARY KEY (workspace_id),
	CONSTRAINT fk_workspace_figures_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE TABLE workspace_members (
	workspace_id UNIQUEIDENTIFIER NOT NULL,
	user_id UNIQUEIDENTIFIER NOT NULL,
	created_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	CONSTRAINT pk_workspace_members PRIMARY KEY (workspace_id, user_id),
	CONSTRAINT fk_workspace_members_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE,
	CONSTRAINT fk_workspace_members_user_id FOREIGN KEY(user_id) REFERENCES app_users (id)
);

CREATE INDEX idx_workspace_members_user ON workspace_members (user_id);

CREATE INDEX idx_workspace_members_workspace ON workspace_members (workspace_id, created_at, user_id);

CREATE TABLE document_chunks (
	id UNIQUEIDENTIFIER NOT NULL,
	document_id UNIQUEIDENTIFIER NOT NULL,
	workspace_id UNIQUEIDENTIFIER NOT NULL,
	version INTEGER NOT NULL DEFAULT 0,
	chunk_index INTEGER NOT NULL,
	heading NVARCHAR(max) NULL,
	location NVARCHAR(500) NULL,
	places NVARCHAR(max) NULL,
	content NVARCHAR(max) NOT NULL,
	token_count INTEGER NOT NULL,
	embedding VARBINARY(max) NOT NULL,
	created_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	CONSTRAINT pk_document_chunks PRIMARY KEY NONCLUSTERED (id),
	CONSTRAINT fk_document_chunks_document_id FOREIGN KEY(document_id) REFERENCES documents (id) ON DELETE CASCADE,
	CONSTRAINT fk_document_chunks_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
);

CREATE UNIQUE CLUSTERED INDEX idx_document_chunks_document ON document_chunks (document_id, version, chunk_index);

CREATE INDEX idx_document_chunks_workspace ON document_chunks (workspace_id);

CREATE TABLE document_vectors (
	document_id UNIQUEIDENTIFIER NOT NULL,
	workspace_id UNIQUEIDENTIFIER NOT NULL,
	embedder NVARCHAR(100) NOT NULL,
	chunk_version INTEGER NOT NULL,
	first_chunk INTEGER NOT NULL,
	chunk_count INTEGER NOT NULL,
	vectors VARBINARY(max) NOT NULL,
	created_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	CONSTRAINT pk_document_vectors PRIMARY KEY (document_id, embedder, chunk_version, first_chunk),
	CONSTRAINT fk_document_vectors_document_id FOREIGN KEY(document_id) REFERENCES documents (id) ON DELETE CASCADE,
	CONSTRAINT fk_document_vectors_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
);

CREATE INDEX idx_document_vectors_workspace ON document_vectors (workspace_id);

CREATE TABLE messages (
	id UNIQUEIDENTIFIER NOT NULL,
	conversation_id UNIQUEIDENTIFIER NOT NULL,
	role NVARCHAR(20) NOT NULL,
	content NVARCHAR(max) NOT NULL,
	answer_id UNIQUEIDENTIFIER NULL,
	reply_to_id UNIQUEIDENTIFIER NULL,
	tokens_used INTEGER NULL,
	response_time_ms INTEGER NULL,
	rag_score DOUBLE PRECISION NULL,
	rag_sources NVARCHAR(max) NULL,
	feedback INTEGER NULL,
	feedback_comment NVARCHAR(2000) NULL,
	is_resolved BIT NOT NULL DEFAULT 0,
	metadata NVARCHAR(max) NULL,
	created_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	updated_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	CONSTRAINT pk_messages PRIMARY KEY NONCLUSTERED (id),
	CONSTRAINT [CHK_messages_role] CHECK (role IN ('user', 'assistant')),
	CONSTRAINT [CHK_messages_rag_score] CHECK (rag_score >= 0 AND rag_score <= 1),
	CONSTRAINT [CHK_messages_feedback] CHECK (feedback IN (-1, 0, 1)),
	CONSTRAINT fk_messages_conversation_id FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
	CONSTRAINT fk_messages_reply_to_id FOREIGN KEY(reply_to_id) REFERENCES messages (id)
);

CREATE INDEX idx_messages_answer ON messages (answer_id);

CREATE CLUSTERED INDEX idx_messages_conversation ON messages (conversation_id, created_at, id);

CREATE INDEX idx_messages_reply_to ON messages (reply_to_id);

CREATE TABLE website_pages (
	id UNIQUEIDENTIFIER NOT NULL,
	website_id UNIQUEIDENTIFIER NOT NULL,
	workspace_id UNIQUEIDENTIFIER NOT NULL,
	url NVARCHAR(2000) NOT NULL,
	status NVARCHAR(20) NOT NULL DEFAULT 'pending',
	reason NVARCHAR(30) NULL,
	http_status INTEGER NULL,
	document_id UNIQUEIDENTIFIER NULL,
	found_in INTEGER NOT NULL,
	is_due BIT NOT NULL DEFAULT 0,
	is_kept BIT NOT NULL DEFAULT 0,
	is_listed BIT NOT NULL DEFAULT 0,
	depth INTEGER NOT NULL DEFAULT 0,
	chain INTEGER NOT NULL DEFAULT 0,
	attempts INTEGER NOT NULL DEFAULT 0,
	misses INTEGER NOT NULL DEFAULT 0,
	not_before DATETIME2(6) NULL,
	etag NVARCHAR(300) NULL,
	last_modified NVARCHAR(100) NULL,
	content_hash UNIQUEIDENTIFIER NULL,
	links VARBINARY(max) NULL,
	leads_to UNIQUEIDENTIFIER NULL,
	fetched_at DATETIME2(6) NULL,
	created_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	CONSTRAINT pk_website_pages PRIMARY KEY NONCLUSTERED (id),
	CONSTRAINT fk_website_pages_website_id FOREIGN KEY(website_id) REFERENCES websites (id) ON DELETE CASCADE,
	CONSTRAINT fk_website_pages_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
);

CREATE INDEX idx_website_pages_content ON website_pages (website_id, content_hash);

CREATE INDEX idx_website_pages_due ON website_pages (website_id, is_due, created_at, id);

CREATE INDEX idx_website_pages_status ON website_pages (website_id, status, created_at, id);

CREATE CLUSTERED INDEX idx_website_pages_website ON website_pages (website_id, created_at, id);

CREATE INDEX idx_website_pages_workspace ON website_pages (workspace_id);

CREATE TABLE message_traces (
	id UNIQUEIDENTIFIER NOT NULL,
	workspace_id UNIQUEIDENTIFIER NOT NULL,
	created_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME(),
	content VARBINARY(max) NOT NULL,
	CONSTRAINT pk_message_traces PRIMARY KEY NONCLUSTERED (id),
	CONSTRAINT fk_message_traces_id FOREIGN KEY(id) REFERENCES messages (id) ON DELETE CASCADE,
	CONSTRAINT fk_message_traces_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
);

CREATE CLUSTERED INDEX idx_message_traces_workspace ON message_traces (workspace_id, created_at, id);
