BEGIN TRANSACTION;
CREATE TABLE "decisions" (
	number INTEGER NOT NULL, 
	time DOUBLE NOT NULL, 
	kind TEXT NOT NULL, 
	author TEXT NOT NULL, 
	detector_name TEXT, 
	pattern_id TEXT, 
	label TEXT, 
	category TEXT, 
	undone_by INTEGER, 
	payload TEXT NOT NULL, 
	PRIMARY KEY (number), 
	CONSTRAINT decisions_undone_by_fkey FOREIGN KEY(undone_by) REFERENCES decisions (number)
);
INSERT INTO "decisions" VALUES(1,1760000000.0,'verdict','ana','packets','P-43ae75fad1','false positive','backup-job',NULL,'{"kind":"verdict","version":1,"data":{"label":"false positive","category":"backup-job","reason":"Nightly copy to the file server.","author":"ana","scope":"finding","detector_name":"packets","pattern_id":"P-43ae75fad1","path":["HH_mean:up:3","HH_std:up:2","MI_weight:up:1"],"finding_ids":["F-0e5445308a"]}}');
INSERT INTO "decisions" VALUES(2,1760000000.0,'verdict','ana','packets','P-8f3d581665','true positive','port-scan',NULL,'{"kind":"verdict","version":1,"data":{"label":"true positive","category":"port-scan","reason":"Nightly copy to the file server.","author":"ana","scope":"selection","detector_name":"packets","pattern_id":"P-8f3d581665","path":["MI_weight:up:4","HH_weight:down:1"],"finding_ids":["F-16d3fc24e4","F-c55e5431fe"]}}');
INSERT INTO "decisions" VALUES(3,1760000000.0,'undo','ben',NULL,NULL,NULL,NULL,NULL,'{"kind":"undo","version":1,"data":{"entry_number":2,"author":"ben","reason":"Looked again: \u201c\u00fc\u201d.\u0000"}}');
INSERT INTO "decisions" VALUES(4,1760000000.0,'restore','ana',NULL,NULL,NULL,NULL,NULL,'{"kind":"restore","version":1,"data":{"entry_number":2,"author":"ana","reason":""}}');
INSERT INTO "decisions" VALUES(5,1760000000.0,'suppression','ana','packets','P-8f3d581665','false positive','backup-job',NULL,'{"kind":"suppression","version":1,"data":{"scope":{"detector_name":"packets","pattern_id":"P-8f3d581665","entities":["10.77.0.11"],"since":null,"until":null},"basis":"false positive","category":"backup-job","reason":"Nightly copy to the file server.","author":"ana","owner":"ben","ticket":"OPS-7","expires_time":4913600000.0}}');
INSERT INTO "decisions" VALUES(6,1760000000.0,'setting','ana',NULL,NULL,NULL,NULL,NULL,'{"kind":"setting","version":1,"data":{"name":"resurfaced_share","value":"0","author":"ana","reason":""}}');
INSERT INTO "decisions" VALUES(7,1760000000.0,'lessons','ana',NULL,NULL,NULL,NULL,NULL,'{"kind":"lessons","version":1,"data":{"lessons":[{"detector_name":"packets","label":"true positive","category":"port-scan","path":["HH_std:down:1","HH_mean:down:1","MI_mean:up:2"],"count":2}],"source_name":"lessons.json","source_sha256":"9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d","author":"ana","reason":""}}');
CREATE TABLE deepaid_schema (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT deepaid_schema_pkc PRIMARY KEY (version_num)
);
INSERT INTO "deepaid_schema" VALUES('0003');
CREATE TABLE detectors (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	modality TEXT NOT NULL, 
	threshold DOUBLE NOT NULL, 
	threshold_method TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	artifact TEXT NOT NULL, 
	trained_on TEXT NOT NULL, 
	training_events BIGINT NOT NULL, 
	created_time DOUBLE NOT NULL, source_kind TEXT DEFAULT 'capture' NOT NULL, source_settings TEXT DEFAULT '{"kind":"source-settings","version":1,"data":{}}' NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "detectors" VALUES('D-5f0c2a91be','packets','autoencoder','tabular',0.25,'quantile 0.999 of held-back normal scores','0000000000000000000000000000000000000000000000000000000000000000','packets-5f0c2a91be','office-sunday.pcap.gz',50000,1759913600.0,'capture','{"kind":"source-settings","version":1,"data":{}}');
CREATE TABLE finding_details (
	finding_id TEXT NOT NULL, 
	entity TEXT NOT NULL, 
	event_index BIGINT NOT NULL, 
	event_time DOUBLE NOT NULL, 
	member_indices BLOB NOT NULL, 
	member_times BLOB NOT NULL, 
	member_scores BLOB NOT NULL, 
	interpretation TEXT NOT NULL, 
	evidence_columns TEXT NOT NULL, 
	evidence TEXT NOT NULL, 
	peers TEXT NOT NULL, 
	PRIMARY KEY (finding_id), 
	FOREIGN KEY(finding_id) REFERENCES findings (id)
);
INSERT INTO "finding_details" VALUES('F-0e5445308a','10.77.0.10',2,1760000001.0,X'789C636080004628CD04A559A1340000800009',X'789C63606060B86779CB918141014A3B40E904300D008A600989',X'789CD38CE93FF455E382FDD9332070C1DE180C2EDBCF9A090217ED011B6710C6','{"kind":"interpretation","version":1,"data":{"interpreter":"tabular-greedy","deviations":[{"field":"HH_mean","title":"Mean packet size between these two hosts","direction":"up","size":1000.0,"weight":0.5,"cells":[{"name":"HH_mean_5","title":"Mean packet size between these two hosts, decay 5","unit":"bytes","observed":1500.0,"reference":500.0,"normal_low":60.0,"normal_high":1400.5,"percentile":99.5},{"name":"HH_mean_3","title":"Mean packet size between these two hosts, decay 3","unit":"bytes","observed":1400.0,"reference":500.0,"normal_low":60.0,"normal_high":1400.5,"percentile":99.5}]},{"field":"HH_std","title":"Spread of packet sizes between these two hosts","direction":"up","size":100.0,"weight":0.3333333333333333,"cells":[{"name":"HH_std_5","title":"Spread of packet sizes between these two hosts, decay 5","unit":"bytes","observed":600.0,"reference":500.0,"normal_low":60.0,"normal_high":1400.5,"percentile":99.5},{"name":"HH_std_3","title":"Spread of packet sizes between these two hosts, decay 3","unit":"bytes","observed":590.0,"reference":500.0,"normal_low":60.0,"normal_high":1400.5,"percentile":99.5}]},{"field":"MI_weight","title":"Packets from this host lately","direction":"up","size":10.0,"weight":0.16666666666666666,"cells":[{"name":"MI_weight_5","title":"Packets from this host lately, decay 5","unit":"packets","observed":510.0,"reference":500.0,"normal_low":60.0,"normal_high":1400.5,"percentile":99.5},{"name":"MI_weight_3","title":"Packets from this host lately, decay 3","unit":"packets","observed":509.0,"reference":500.0,"normal_low":60.0,"normal_high":1400.5,"percentile":99.5}]}],"observed":[1500.0,1400.0,600.0,590.0,510.0,509.0],"reference":[500.0,500.0,500.0,500.0,500.0,500.0],"diagnostics":{"score":0.3,"threshold":0.25,"reference_score":0.24,"verified":true,"max_deviations":10,"deviations_needed":3,"plausibility":41.5,"flip_scores":[0.27999999999999997,0.26,0.24],"seed":7,"stopped_early":false},"modality":"tabular","details":null,"quality":null}}','["destination","protocol","bytes"]','{"kind":"evidence","version":1,"data":[{"index":0,"time":1760000000.0,"score":0.2625,"flagged":true,"values":["10.77.0.200","tcp","1514"]},{"index":1,"time":1760000000.5,"score":0.2625,"flagged":true,"values":["10.77.0.201","tcp","1514"]},{"index":2,"time":1760000001.0,"score":0.2625,"flagged":true,"values":["10.77.0.202","tcp","1514"]},{"index":3,"time":1760000001.5,"score":null,"flagged":false,"values":["10.77.0.203","tcp","1514"]}]}','{"kind":"peers","version":1,"data":{"10.77.0.200":3,"203.0.113.9":1}}');
INSERT INTO "finding_details" VALUES('F-16d3fc24e4','10.77.0.11',1002,1760000091.0,X'789C7BC1CC00062FA1F42B28FD164A030049E403B5',X'789C63606810BB6779CB91816101943E00A51F806900B4380BE1',X'789CD38CE93FF455E382FDD9332070C13E0D0CAED9CF9A090217ED012BA811FB','{"kind":"interpretation","version":1,"data":{"interpreter":"tabular-greedy","deviations":[{"field":"MI_weight","title":"Packets from this host lately","direction":"up","size":10000.0,"weight":0.6666666666666666,"cells":[{"name":"MI_weight_5","title":"Packets from this host lately, decay 5","unit":"packets","observed":10500.0,"reference":500.0,"normal_low":60.0,"normal_high":1400.5,"percentile":99.5},{"name":"MI_weight_3","title":"Packets from this host lately, decay 3","unit":"packets","observed":9500.0,"reference":500.0,"normal_low":60.0,"normal_high":1400.5,"percentile":99.5}]},{"field":"HH_weight","title":"Packets between these two hosts","direction":"down","size":10.0,"weight":0.3333333333333333,"cells":[{"name":"HH_weight_5","title":"Packets between these two hosts, decay 5","unit":"packets","observed":490.0,"reference":500.0,"normal_low":60.0,"normal_high":1400.5,"percentile":0.5},{"name":"HH_weight_3","title":"Packets between these two hosts, decay 3","unit":"packets","observed":491.0,"reference":500.0,"normal_low":60.0,"normal_high":1400.5,"percentile":0.5}]}],"observed":[10500.0,9500.0,490.0,491.0],"reference":[500.0,500.0,500.0,500.0],"diagnostics":{"score":0.35,"threshold":0.25,"reference_score":0.24,"verified":true,"max_deviations":10,"deviations_needed":2,"plausibility":41.5,"flip_scores":[0.295,0.24],"seed":7,"stopped_early":false},"modality":"tabular","details":null,"quality":null}}','["destination","protocol","bytes"]','{"kind":"evidence","version":1,"data":[{"index":1000,"time":1760000090.0,"score":0.2625,"flagged":true,"values":["10.77.0.200","tcp","1514"]},{"index":1001,"time":1760000090.5,"score":0.2625,"flagged":true,"values":["10.77.0.201","tcp","1514"]},{"index":1002,"time":1760000091.0,"score":0.2625,"flagged":true,"values":["10.77.0.202","tcp","1514"]},{"index":1003,"time":1760000091.5,"score":null,"flagged":false,"values":["10.77.0.203","tcp","1514"]}]}','{"kind":"peers","version":1,"data":{"10.77.0.200":3,"203.0.113.9":1}}');
INSERT INTO "finding_details" VALUES('F-c55e5431fe','10.77.0.12',2002,1760000181.0,X'789CBBC0CE000617A1F425287D154A030043940365',X'789C636060D0BD6779CB918141014A3B40E904300D0096540A3D',X'789CD38CE93FF455E382FDD9332070C17ED64C10B809A52FDA03003BF91331','{"kind":"interpretation","version":1,"data":{"interpreter":"tabular-greedy","deviations":[{"field":"HpHp_weight","title":"Packets on this connection","direction":"down","size":100.0,"weight":1.0,"cells":[{"name":"HpHp_weight_5","title":"Packets on this connection, decay 5","unit":"packets","observed":400.0,"reference":500.0,"normal_low":60.0,"normal_high":1400.5,"percentile":0.5},{"name":"HpHp_weight_3","title":"Packets on this connection, decay 3","unit":"packets","observed":410.0,"reference":500.0,"normal_low":60.0,"normal_high":1400.5,"percentile":0.5}]}],"observed":[400.0,410.0],"reference":[500.0,500.0],"diagnostics":{"score":0.4,"threshold":0.25,"reference_score":0.24,"verified":true,"max_deviations":10,"deviations_needed":1,"plausibility":41.5,"flip_scores":[0.24],"seed":7,"stopped_early":false},"modality":"tabular","details":null,"quality":null}}','["destination","protocol","bytes"]','{"kind":"evidence","version":1,"data":[{"index":2000,"time":1760000180.0,"score":0.2625,"flagged":true,"values":["10.77.0.200","tcp","1514"]},{"index":2001,"time":1760000180.5,"score":0.2625,"flagged":true,"values":["10.77.0.201","tcp","1514"]},{"index":2002,"time":1760000181.0,"score":0.2625,"flagged":true,"values":["10.77.0.202","tcp","1514"]},{"index":2003,"time":1760000181.5,"score":null,"flagged":false,"values":["10.77.0.203","tcp","1514"]}]}','{"kind":"peers","version":1,"data":{"10.77.0.200":3,"203.0.113.9":1}}');
CREATE TABLE findings (
	id TEXT NOT NULL, 
	status TEXT NOT NULL, 
	verdict TEXT, 
	verdict_number INTEGER, 
	verified BOOLEAN NOT NULL, 
	deviation_count INTEGER NOT NULL, 
	event_count BIGINT NOT NULL, 
	max_score DOUBLE NOT NULL, 
	threshold DOUBLE NOT NULL, 
	ratio DOUBLE NOT NULL, 
	first_time DOUBLE NOT NULL, 
	last_time DOUBLE NOT NULL, 
	first_hour BIGINT NOT NULL, 
	detector_id TEXT NOT NULL, 
	detector_name TEXT NOT NULL, 
	pattern_id TEXT NOT NULL, 
	path_key TEXT NOT NULL, 
	entity TEXT NOT NULL, 
	category TEXT, 
	source_name TEXT NOT NULL, 
	source_sha256 TEXT NOT NULL, 
	summary TEXT NOT NULL, 
	search_text TEXT NOT NULL, 
	search_category TEXT NOT NULL, added_time DOUBLE DEFAULT '0' NOT NULL, suppression_number INTEGER, resurfaced BOOLEAN DEFAULT 0 NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(path_key) REFERENCES paths ("key")
);
INSERT INTO "findings" VALUES('F-0e5445308a','closed','false positive',1,1,3,4,0.3,0.25,1.2,1760000000.0,1760000001.5,488888,'D-5f0c2a91be','packets','P-43ae75fad1','2150433f78880ede11a9','10.77.0.10','backup-job','office-monday.pcap.gz','9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d','HH_mean up 3 · HH_std up 2 · MI_weight up 1','f-0e5445308a
10.77.0.10
hh_mean up 3 · hh_std up 2 · mi_weight up 1
10.77.0.200
203.0.113.9','backup-job',1760000000.0,NULL,0);
INSERT INTO "findings" VALUES('F-16d3fc24e4','closed','true positive',2,1,2,4,0.35,0.25,1.4,1760000090.0,1760000091.5,488888,'D-5f0c2a91be','packets','P-8f3d581665','016cbcb413ab13b8feba','10.77.0.11','port-scan','office-monday.pcap.gz','9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d','MI_weight up 4 · HH_weight down 1','f-16d3fc24e4
10.77.0.11
mi_weight up 4 · hh_weight down 1
10.77.0.200
203.0.113.9','port-scan',1760000000.0,NULL,0);
INSERT INTO "findings" VALUES('F-c55e5431fe','closed','true positive',2,1,1,4,0.4,0.25,1.6,1760000180.0,1760000181.5,488888,'D-5f0c2a91be','packets','P-57a1985776','621ceb486b3aff89fba4','10.77.0.12','port-scan','office-monday.pcap.gz','9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d','HpHp_weight down 2','f-c55e5431fe
10.77.0.12
hphp_weight down 2
10.77.0.200
203.0.113.9','port-scan',1760000000.0,NULL,0);
CREATE TABLE paths (
	"key" TEXT NOT NULL, 
	detector_name TEXT NOT NULL, 
	pattern_id TEXT NOT NULL, 
	pattern TEXT NOT NULL, 
	path TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "paths" VALUES('2150433f78880ede11a9','packets','P-43ae75fad1','["HH_mean:up:3","HH_std:up:2","MI_weight:up:1"]','["HH_mean:up:3","HH_std:up:2","MI_weight:up:1"]');
INSERT INTO "paths" VALUES('016cbcb413ab13b8feba','packets','P-8f3d581665','["HH_weight:down:1","MI_weight:up:4"]','["MI_weight:up:4","HH_weight:down:1"]');
INSERT INTO "paths" VALUES('621ceb486b3aff89fba4','packets','P-57a1985776','["HpHp_weight:down:2"]','["HpHp_weight:down:2"]');
CREATE TABLE runs (
	id TEXT NOT NULL, 
	detector_id TEXT NOT NULL, 
	source_name TEXT NOT NULL, 
	source_sha256 TEXT NOT NULL, 
	events BIGINT NOT NULL, 
	skipped BIGINT NOT NULL, 
	anomalies BIGINT NOT NULL, 
	verified BIGINT NOT NULL, 
	findings BIGINT NOT NULL, 
	first_time DOUBLE NOT NULL, 
	last_time DOUBLE NOT NULL, 
	elapsed_s DOUBLE NOT NULL, 
	finished_time DOUBLE NOT NULL, 
	volume TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "runs" VALUES('R-0000000000','D-5f0c2a91be','office-monday.pcap.gz','9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d',3000,2,12,12,3,1760000000.0,1760000900.0,2.5,1760001000.0,'{"kind":"volume","version":1,"data":[[1760000000.0,200,0],[1760000060.0,200,1],[1760000120.0,200,0],[1760000180.0,200,1],[1760000240.0,200,0],[1760000300.0,200,1],[1760000360.0,200,0],[1760000420.0,200,1],[1760000480.0,200,0],[1760000540.0,200,1],[1760000600.0,200,0],[1760000660.0,200,1],[1760000720.0,200,0],[1760000780.0,200,1],[1760000840.0,200,0]]}');
CREATE TABLE taught_attacks (
	entry_number INTEGER NOT NULL, 
	pattern_id TEXT NOT NULL, 
	detector_name TEXT NOT NULL, 
	PRIMARY KEY (entry_number, pattern_id), 
	FOREIGN KEY(entry_number) REFERENCES decisions (number)
);
INSERT INTO "taught_attacks" VALUES(7,'P-b84871b542','packets');
CREATE TABLE verdict_findings (
	finding_id TEXT NOT NULL, 
	verdict_number INTEGER NOT NULL, 
	PRIMARY KEY (finding_id, verdict_number), 
	FOREIGN KEY(finding_id) REFERENCES findings (id), 
	FOREIGN KEY(verdict_number) REFERENCES decisions (number)
);
INSERT INTO "verdict_findings" VALUES('F-0e5445308a',1);
INSERT INTO "verdict_findings" VALUES('F-16d3fc24e4',2);
INSERT INTO "verdict_findings" VALUES('F-c55e5431fe',2);
CREATE INDEX findings_by_entity ON findings (status, entity, id);
CREATE INDEX findings_by_events ON findings (status, event_count DESC, id);
CREATE INDEX findings_by_first_time ON findings (status, first_time, id);
CREATE INDEX findings_by_last_time ON findings (status, last_time DESC, id);
CREATE INDEX findings_by_score ON findings (status, ratio DESC, max_score DESC, id, verified, path_key);
CREATE INDEX findings_of_detector ON findings (detector_name, ratio DESC, max_score DESC, id, status, event_count, first_time, last_time, entity);
CREATE INDEX findings_of_entity ON findings (entity, ratio DESC, max_score DESC, id, status, event_count, first_time, last_time);
CREATE INDEX findings_of_hour ON findings (detector_name, first_hour, status);
CREATE INDEX findings_of_path ON findings (status, path_key);
CREATE INDEX findings_of_pattern ON findings (pattern_id, ratio DESC, max_score DESC, id, status, event_count, first_time, last_time, entity);
CREATE INDEX verdict_findings_of_verdict ON verdict_findings (verdict_number);
CREATE INDEX findings_of_verdict ON findings (verdict, pattern_id, id) WHERE verdict IS NOT NULL;
CREATE INDEX findings_of_suppression ON findings (suppression_number, resurfaced, last_time) WHERE suppression_number IS NOT NULL;
CREATE INDEX decisions_of_pattern ON decisions (pattern_id, number, kind, label, undone_by);
CREATE INDEX decisions_of_kind ON decisions (kind, undone_by, number);
COMMIT;
