-- Written by `make schema` from data/models: read it, do not run it. `monitora migrate` makes the tables.

CREATE TABLE app_users (
	id CHAR(32) NOT NULL,
	email VARCHAR(255) NOT NULL,
	password_hash VARCHAR(500) NOT NULL,
	password_salt VARCHAR(255) NOT NULL,
	full_name VARCHAR(255),
	role VARCHAR(50) DEFAULT 'admin' NOT NULL,
	is_active BOOLEAN DEFAULT 1 NOT NULL,
	failed_login_attempts INTEGER DEFAULT 0 NOT NULL,
	locked_until DATETIME,
	last_login_at DATETIME,
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	updated_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	CONSTRAINT pk_app_users PRIMARY KEY (id),
	CONSTRAINT "CHK_app_users_role" CHECK (role IN ('admin', 'lecteur')),
	CONSTRAINT uq_app_users_email UNIQUE (email)
);

CREATE INDEX idx_users_email ON app_users (email);

CREATE TABLE app_sessions (
	id CHAR(32) NOT NULL,
	user_id CHAR(32) NOT NULL,
	token_hash VARCHAR(500) NOT NULL,
	refresh_token_hash VARCHAR(500),
	ip_address VARCHAR(50),
	user_agent VARCHAR(500),
	expires_at DATETIME NOT NULL,
	last_activity_at DATETIME,
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	CONSTRAINT pk_app_sessions PRIMARY KEY (id),
	CONSTRAINT fk_app_sessions_user_id FOREIGN KEY(user_id) REFERENCES app_users (id) ON DELETE CASCADE,
	CONSTRAINT uq_app_sessions_token_hash UNIQUE (token_hash)
);

CREATE INDEX idx_sessions_expires ON app_sessions (expires_at);

CREATE INDEX idx_sessions_token ON app_sessions (token_hash);

CREATE INDEX idx_sessions_user ON app_sessions (user_id, created_at, id);

CREATE TABLE profiles (
	id CHAR(32) NOT NULL,
	avatar_url VARCHAR,
	phone VARCHAR(20),
	country VARCHAR(100),
	role VARCHAR(50) DEFAULT 'admin' NOT NULL,
	bio VARCHAR,
	preferences VARCHAR,
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	updated_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	CONSTRAINT pk_profiles PRIMARY KEY (id),
	CONSTRAINT fk_profiles_id FOREIGN KEY(id) REFERENCES app_users (id) ON DELETE CASCADE
);

CREATE TABLE workspaces (
	id CHAR(32) NOT NULL,
	user_id CHAR(32) NOT NULL,
	name VARCHAR(255) NOT NULL,
	description VARCHAR,
	website_url VARCHAR,
	allowed_domains VARCHAR,
	custom_css VARCHAR,
	widget_settings VARCHAR,
	is_active BOOLEAN DEFAULT 1 NOT NULL,
	model VARCHAR(100) DEFAULT 'mistral-small' NOT NULL,
	temperature DOUBLE DEFAULT (0.7) NOT NULL,
	max_tokens INTEGER DEFAULT 900 NOT NULL,
	system_prompt VARCHAR,
	no_answer_text VARCHAR(1000),
	no_answer_text_fr VARCHAR(1000),
	contact_url VARCHAR(2000),
	confidence_threshold DOUBLE,
	max_sources INTEGER,
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	updated_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	CONSTRAINT pk_workspaces PRIMARY KEY (id),
	CONSTRAINT fk_workspaces_user_id FOREIGN KEY(user_id) REFERENCES profiles (id) ON DELETE CASCADE
);

CREATE INDEX idx_workspaces_user_id ON workspaces (user_id, created_at, id);

CREATE TABLE analytics_daily (
	id CHAR(32) NOT NULL,
	workspace_id CHAR(32) NOT NULL,
	date DATE NOT NULL,
	total_conversations INTEGER DEFAULT 0 NOT NULL,
	total_messages INTEGER DEFAULT 0 NOT NULL,
	unique_visitors INTEGER DEFAULT 0 NOT NULL,
	avg_messages_per_conversation DOUBLE,
	avg_response_time_ms DOUBLE,
	avg_rag_score DOUBLE,
	satisfaction_rate DOUBLE,
	response_count INTEGER DEFAULT 0 NOT NULL,
	scored_count INTEGER DEFAULT 0 NOT NULL,
	rated_count INTEGER DEFAULT 0 NOT NULL,
	tokens_used BIGINT DEFAULT 0 NOT NULL,
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	updated_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	CONSTRAINT pk_analytics_daily PRIMARY KEY (id),
	CONSTRAINT uq_analytics_daily_workspace_id_date UNIQUE (workspace_id, date),
	CONSTRAINT fk_analytics_daily_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE INDEX idx_analytics_workspace_date ON analytics_daily (workspace_id, date);

CREATE TABLE api_keys (
	id CHAR(32) NOT NULL,
	workspace_id CHAR(32) NOT NULL,
	name VARCHAR(255) NOT NULL,
	key_prefix VARCHAR(20) NOT NULL,
	key_hash VARCHAR(255) NOT NULL,
	last_used_at DATETIME,
	expires_at DATETIME,
	revoked_at DATETIME,
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	updated_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	CONSTRAINT pk_api_keys PRIMARY KEY (id),
	CONSTRAINT fk_api_keys_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE,
	CONSTRAINT uq_api_keys_key_hash UNIQUE (key_hash)
);

CREATE INDEX idx_api_keys_key_prefix ON api_keys (key_prefix);

CREATE INDEX idx_api_keys_workspace_id ON api_keys (workspace_id, created_at, id);

CREATE TABLE audit_log (
	id CHAR(32) NOT NULL,
	workspace_id CHAR(32) NOT NULL,
	action VARCHAR(50) NOT NULL,
	actor_email VARCHAR(255),
	subject_id CHAR(32),
	row_count INTEGER NOT NULL,
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	CONSTRAINT pk_audit_log PRIMARY KEY (id),
	CONSTRAINT fk_audit_log_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE INDEX idx_audit_log_workspace ON audit_log (workspace_id, created_at, id);

CREATE TABLE conversations (
	id CHAR(32) NOT NULL,
	workspace_id CHAR(32) NOT NULL,
	visitor_id VARCHAR(255) NOT NULL,
	visitor_name VARCHAR(255),
	visitor_email VARCHAR(255),
	title VARCHAR(500),
	is_active BOOLEAN DEFAULT 1 NOT NULL,
	message_count INTEGER DEFAULT 0 NOT NULL,
	response_count INTEGER DEFAULT 0 NOT NULL,
	response_ms BIGINT DEFAULT 0 NOT NULL,
	scored_count INTEGER DEFAULT 0 NOT NULL,
	score_sum DOUBLE DEFAULT 0 NOT NULL,
	low_confidence_count INTEGER DEFAULT 0 NOT NULL,
	rated_count INTEGER DEFAULT 0 NOT NULL,
	rating_sum INTEGER DEFAULT 0 NOT NULL,
	last_message_at DATETIME,
	archived_at DATETIME,
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	updated_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	CONSTRAINT pk_conversations PRIMARY KEY (id),
	CONSTRAINT fk_conversations_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE INDEX idx_conversations_last_message ON conversations (workspace_id, last_message_at);

CREATE INDEX idx_conversations_visitor ON conversations (workspace_id, visitor_id, created_at, id);

CREATE INDEX idx_conversations_workspace ON conversations (workspace_id, created_at, id);

CREATE TABLE documents (
	id CHAR(32) NOT NULL,
	workspace_id CHAR(32) NOT NULL,
	origin VARCHAR(20) DEFAULT 'upload' NOT NULL,
	name VARCHAR(500) NOT NULL,
	title VARCHAR(500),
	url VARCHAR(2000),
	file_path VARCHAR NOT NULL,
	file_type VARCHAR(50) NOT NULL,
	file_size BIGINT NOT NULL,
	content_hash VARCHAR(64),
	replacement_path VARCHAR,
	replacement_type VARCHAR(50),
	replacement_size BIGINT,
	replacement_hash VARCHAR(64),
	warnings VARCHAR,
	language VARCHAR(10),
	published_at DATETIME,
	modified_at DATETIME,
	status VARCHAR(20) DEFAULT 'pending' NOT NULL,
	stage VARCHAR(20) DEFAULT 'queued' NOT NULL,
	progress DOUBLE DEFAULT 0 NOT NULL,
	error_code VARCHAR(50),
	error VARCHAR,
	is_indexed BOOLEAN DEFAULT 0 NOT NULL,
	embedding_model VARCHAR(100),
	chunk_count INTEGER DEFAULT 0 NOT NULL,
	chunk_version INTEGER DEFAULT 0 NOT NULL,
	page_count INTEGER DEFAULT 0 NOT NULL,
	deleted_at DATETIME,
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	updated_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	CONSTRAINT pk_documents PRIMARY KEY (id),
	CONSTRAINT "CHK_documents_file_size" CHECK (file_size > 0),
	CONSTRAINT fk_documents_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE INDEX idx_documents_content_hash ON documents (workspace_id, content_hash);

CREATE INDEX idx_documents_replacement_hash ON documents (workspace_id, replacement_hash);

CREATE INDEX idx_documents_status ON documents (status);

CREATE INDEX idx_documents_workspace_id ON documents (workspace_id, deleted_at, created_at, id);

CREATE INDEX idx_documents_workspace_status ON documents (workspace_id, status, created_at, id);

CREATE INDEX idx_documents_workspace_updated ON documents (workspace_id, updated_at);

CREATE TABLE insights_cache (
	id CHAR(32) NOT NULL,
	workspace_id CHAR(32) NOT NULL,
	satisfaction_rate DOUBLE,
	avg_rag_score DOUBLE,
	avg_messages_per_conversation DOUBLE,
	low_confidence_count INTEGER DEFAULT 0 NOT NULL,
	total_conversations INTEGER DEFAULT 0 NOT NULL,
	total_messages INTEGER DEFAULT 0 NOT NULL,
	scored_count INTEGER DEFAULT 0 NOT NULL,
	rated_count INTEGER DEFAULT 0 NOT NULL,
	calculated_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	CONSTRAINT pk_insights_cache PRIMARY KEY (id),
	CONSTRAINT uq_insights_cache_workspace_id UNIQUE (workspace_id),
	CONSTRAINT fk_insights_cache_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE TABLE jobs (
	id CHAR(32) NOT NULL,
	kind VARCHAR(30) NOT NULL,
	workspace_id CHAR(32),
	subject_id CHAR(32) NOT NULL,
	status VARCHAR(20) DEFAULT 'waiting' NOT NULL,
	attempts INTEGER DEFAULT 0 NOT NULL,
	lease CHAR(32),
	leased_until DATETIME,
	not_before DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	progress DOUBLE DEFAULT 0 NOT NULL,
	error_code VARCHAR(50),
	error VARCHAR,
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	CONSTRAINT pk_jobs PRIMARY KEY (id),
	CONSTRAINT fk_jobs_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE INDEX idx_jobs_lease ON jobs (status, leased_until);

CREATE UNIQUE INDEX idx_jobs_subject ON jobs (kind, subject_id);

CREATE INDEX idx_jobs_turn ON jobs (status, workspace_id, not_before);

CREATE INDEX idx_jobs_workspace ON jobs (workspace_id, created_at);

CREATE TABLE message_topics (
	id CHAR(32) NOT NULL,
	workspace_id CHAR(32) NOT NULL,
	topic_name VARCHAR(255) NOT NULL,
	message_count INTEGER DEFAULT 0 NOT NULL,
	sample_questions VARCHAR,
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	updated_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	CONSTRAINT pk_message_topics PRIMARY KEY (id),
	CONSTRAINT uq_message_topics_workspace_id_topic_name UNIQUE (workspace_id, topic_name),
	CONSTRAINT fk_message_topics_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE INDEX idx_message_topics_workspace ON message_topics (workspace_id, created_at, id);

CREATE TABLE response_cache (
	id CHAR(32) NOT NULL,
	workspace_id CHAR(32) NOT NULL,
	question_hash VARCHAR(255) NOT NULL,
	original_question VARCHAR NOT NULL,
	cached_response VARCHAR NOT NULL,
	ttl_seconds INTEGER NOT NULL,
	hit_count INTEGER DEFAULT 0 NOT NULL,
	expires_at DATETIME,
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	updated_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	CONSTRAINT pk_response_cache PRIMARY KEY (id),
	CONSTRAINT fk_response_cache_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX idx_response_cache_hash ON response_cache (workspace_id, question_hash);

CREATE INDEX idx_response_cache_workspace ON response_cache (workspace_id, created_at, id);

CREATE TABLE storage_usage (
	workspace_id CHAR(32) NOT NULL,
	byte_count BIGINT DEFAULT 0 NOT NULL,
	document_count INTEGER DEFAULT 0 NOT NULL,
	page_count INTEGER DEFAULT 0 NOT NULL,
	index_version BIGINT DEFAULT 0 NOT NULL,
	embedder VARCHAR(100),
	embedder_since DATETIME,
	embedding_progress DOUBLE,
	CONSTRAINT pk_storage_usage PRIMARY KEY (workspace_id),
	CONSTRAINT fk_storage_usage_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE TABLE websites (
	id CHAR(32) NOT NULL,
	workspace_id CHAR(32) NOT NULL,
	url VARCHAR(2000) NOT NULL,
	root_url VARCHAR(2000),
	status VARCHAR(20) DEFAULT 'pending' NOT NULL,
	error_code VARCHAR(50),
	error VARCHAR,
	max_pages INTEGER NOT NULL,
	include_patterns VARCHAR NOT NULL,
	exclude_patterns VARCHAR NOT NULL,
	refresh_hours INTEGER,
	is_dry_run BOOLEAN DEFAULT 0 NOT NULL,
	crawl INTEGER DEFAULT 0 NOT NULL,
	has_sitemaps_read BOOLEAN DEFAULT 0 NOT NULL,
	is_partial BOOLEAN DEFAULT 0 NOT NULL,
	found_count INTEGER DEFAULT 0 NOT NULL,
	indexed_count INTEGER DEFAULT 0 NOT NULL,
	unchanged_count INTEGER DEFAULT 0 NOT NULL,
	skipped_count INTEGER DEFAULT 0 NOT NULL,
	failed_count INTEGER DEFAULT 0 NOT NULL,
	removed_count INTEGER DEFAULT 0 NOT NULL,
	kept_count INTEGER DEFAULT 0 NOT NULL,
	bytes_fetched BIGINT DEFAULT 0 NOT NULL,
	seconds DOUBLE DEFAULT 0 NOT NULL,
	last_crawled_at DATETIME,
	next_crawl_at DATETIME,
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	CONSTRAINT pk_websites PRIMARY KEY (id),
	CONSTRAINT fk_websites_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE INDEX idx_websites_next_crawl ON websites (next_crawl_at);

CREATE INDEX idx_websites_workspace ON websites (workspace_id, created_at, id);

CREATE TABLE workspace_databases (
	id CHAR(32) NOT NULL,
	workspace_id CHAR(32) NOT NULL,
	name VARCHAR(255) NOT NULL,
	db_type VARCHAR(50) NOT NULL,
	host VARCHAR(255) NOT NULL,
	port INTEGER NOT NULL,
	"database" VARCHAR(255) NOT NULL,
	username VARCHAR(255),
	password_encrypted VARCHAR(500),
	description VARCHAR,
	is_active BOOLEAN DEFAULT 1 NOT NULL,
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	updated_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	CONSTRAINT pk_workspace_databases PRIMARY KEY (id),
	CONSTRAINT "CHK_db_type" CHECK (db_type IN ('sqlserver', 'mysql', 'postgres')),
	CONSTRAINT fk_workspace_databases_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE INDEX idx_workspace_databases_workspace ON workspace_databases (workspace_id, created_at, id);

CREATE TABLE workspace_figures (
	workspace_id CHAR(32) NOT NULL,
	stored_count INTEGER DEFAULT 0 NOT NULL,
	conversation_count INTEGER DEFAULT 0 NOT NULL,
	active_count INTEGER DEFAULT 0 NOT NULL,
	visitor_count INTEGER DEFAULT 0 NOT NULL,
	message_count INTEGER DEFAULT 0 NOT NULL,
	response_count INTEGER DEFAULT 0 NOT NULL,
	response_ms BIGINT DEFAULT 0 NOT NULL,
	scored_count INTEGER DEFAULT 0 NOT NULL,
	score_sum DOUBLE DEFAULT 0 NOT NULL,
	low_confidence_count INTEGER DEFAULT 0 NOT NULL,
	rated_count INTEGER DEFAULT 0 NOT NULL,
	rating_sum INTEGER DEFAULT 0 NOT NULL,
	CONSTRAINT pk_workspace_figures PRIMARY KEY (workspace_id),
	CONSTRAINT fk_workspace_figures_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE TABLE workspace_members (
	workspace_id CHAR(32) NOT NULL,
	user_id CHAR(32) NOT NULL,
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	CONSTRAINT pk_workspace_members PRIMARY KEY (workspace_id, user_id),
	CONSTRAINT fk_workspace_members_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE,
	CONSTRAINT fk_workspace_members_user_id FOREIGN KEY(user_id) REFERENCES app_users (id)
);

CREATE INDEX idx_workspace_members_user ON workspace_members (user_id);

CREATE INDEX idx_workspace_members_workspace ON workspace_members (workspace_id, created_at, user_id);

CREATE TABLE document_chunks (
	id CHAR(32) NOT NULL,
	document_id CHAR(32) NOT NULL,
	workspace_id CHAR(32) NOT NULL,
	version INTEGER DEFAULT 0 NOT NULL,
	chunk_index INTEGER NOT NULL,
	heading VARCHAR,
	location VARCHAR(500),
	places VARCHAR,
	content VARCHAR NOT NULL,
	token_count INTEGER NOT NULL,
	embedding BLOB NOT NULL,
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	CONSTRAINT pk_document_chunks PRIMARY KEY (id),
	CONSTRAINT fk_document_chunks_document_id FOREIGN KEY(document_id) REFERENCES documents (id) ON DELETE CASCADE,
	CONSTRAINT fk_document_chunks_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
);

CREATE UNIQUE INDEX idx_document_chunks_document ON document_chunks (document_id, version, chunk_index);

CREATE INDEX idx_document_chunks_workspace ON document_chunks (workspace_id);

CREATE TABLE document_vectors (
	document_id CHAR(32) NOT NULL,
	workspace_id CHAR(32) NOT NULL,
	embedder VARCHAR(100) NOT NULL,
	chunk_version INTEGER NOT NULL,
	first_chunk INTEGER NOT NULL,
	chunk_count INTEGER NOT NULL,
	vectors BLOB NOT NULL,
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	CONSTRAINT pk_document_vectors PRIMARY KEY (document_id, embedder, chunk_version, first_chunk),
	CONSTRAINT fk_document_vectors_document_id FOREIGN KEY(document_id) REFERENCES documents (id) ON DELETE CASCADE,
	CONSTRAINT fk_document_vectors_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
);

CREATE INDEX idx_document_vectors_workspace ON document_vectors (workspace_id);

CREATE TABLE messages (
	id CHAR(32) NOT NULL,
	conversation_id CHAR(32) NOT NULL,
	role VARCHAR(20) NOT NULL,
	content VARCHAR NOT NULL,
	answer_id CHAR(32),
	reply_to_id CHAR(32),
	tokens_used INTEGER,
	response_time_ms INTEGER,
	rag_score DOUBLE,
	rag_sources VARCHAR,
	feedback INTEGER,
	feedback_comment VARCHAR(2000),
	is_resolved BOOLEAN DEFAULT 0 NOT NULL,
	metadata VARCHAR,
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	updated_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	CONSTRAINT pk_messages PRIMARY KEY (id),
	CONSTRAINT "CHK_messages_role" CHECK (role IN ('user', 'assistant')),
	CONSTRAINT "CHK_messages_rag_score" CHECK (rag_score >= 0 AND rag_score <= 1),
	CONSTRAINT "CHK_messages_feedback" CHECK (feedback IN (-1, 0, 1)),
	CONSTRAINT fk_messages_conversation_id FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
	CONSTRAINT fk_messages_reply_to_id FOREIGN KEY(reply_to_id) REFERENCES messages (id)
);

CREATE INDEX idx_messages_answer ON messages (answer_id);

CREATE INDEX idx_messages_conversation ON messages (conversation_id, created_at, id);

CREATE INDEX idx_messages_reply_to ON messages (reply_to_id);

CREATE TABLE website_pages (
	id CHAR(32) NOT NULL,
	website_id CHAR(32) NOT NULL,
	workspace_id CHAR(32) NOT NULL,
	url VARCHAR(2000) NOT NULL,
	status VARCHAR(20) DEFAULT 'pending' NOT NULL,
	reason VARCHAR(30),
	http_status INTEGER,
	document_id CHAR(32),
	found_in INTEGER NOT NULL,
	is_due BOOLEAN DEFAULT 0 NOT NULL,
	is_kept BOOLEAN DEFAULT 0 NOT NULL,
	is_listed BOOLEAN DEFAULT 0 NOT NULL,
	depth INTEGER DEFAULT 0 NOT NULL,
	chain INTEGER DEFAULT 0 NOT NULL,
	attempts INTEGER DEFAULT 0 NOT NULL,
	misses INTEGER DEFAULT 0 NOT NULL,
	not_before DATETIME,
	etag VARCHAR(300),
	last_modified VARCHAR(100),
	content_hash CHAR(32),
	links BLOB,
	leads_to CHAR(32),
	fetched_at DATETIME,
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	CONSTRAINT pk_website_pages PRIMARY KEY (id),
	CONSTRAINT fk_website_pages_website_id FOREIGN KEY(website_id) REFERENCES websites (id) ON DELETE CASCADE,
	CONSTRAINT fk_website_pages_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
);

CREATE INDEX idx_website_pages_content ON website_pages (website_id, content_hash);

CREATE INDEX idx_website_pages_due ON website_pages (website_id, is_due, created_at, id);

CREATE INDEX idx_website_pages_status ON website_pages (website_id, status, created_at, id);

CREATE INDEX idx_website_pages_website ON website_pages (website_id, created_at, id);

CREATE INDEX idx_website_pages_workspace ON website_pages (workspace_id);

CREATE TABLE message_traces (
	id CHAR(32) NOT NULL,
	workspace_id CHAR(32) NOT NULL,
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	content BLOB NOT NULL,
	CONSTRAINT pk_message_traces PRIMARY KEY (id),
	CONSTRAINT fk_message_traces_id FOREIGN KEY(id) REFERENCES messages (id) ON DELETE CASCADE,
	CONSTRAINT fk_message_traces_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
);

CREATE INDEX idx_message_traces_workspace ON message_traces (workspace_id, created_at, id);
