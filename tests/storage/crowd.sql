-- Years of use, written by the server itself. What is sealed holds nothing; references are right
-- and need not be checked row by row.
SET session_replication_role = replica;

INSERT INTO staff (id, name, department, roles, superior, clearance, head_of, locale, active,
        home_channel, home_account, created_at)
    SELECT 's' || n, '员工' || n, '销售' || n % 40, 'salesperson', 's' || n / 8, 'none', '', 'zh_CN',
        true, 'phones', 'a' || n, now() FROM generate_series(1, 2000) n;
INSERT INTO staff_key SELECT 'yuangong' || n, 's' || n FROM generate_series(1, 2000) n;
INSERT INTO account SELECT 'phones', 'a' || n, 's' || n, now() FROM generate_series(1, 2000) n;
INSERT INTO stranger SELECT 'phones', 'x' || n, 1, 0, now() FROM generate_series(1, 5000) n;
INSERT INTO dossier (id, number, name, name_norm, type, keeper, level, grade, class, phone_index,
        phone_tail_index, location, department, key, state, created_by, created_at)
    SELECT n, 'KH-2020-' || n, '客户' || n || '有限公司', '客户' || n || '有限公司', 'customer',
        's' || n % 2000 + 1, '', 'none', '', decode(md5('p' || n), 'hex'),
        decode(md5('t' || n % 10000), 'hex'), '', '', '', 'active', 's1', now()
    FROM generate_series(1, 20000) n;
INSERT INTO dossier_gram SELECT DISTINCT substr(name_norm, at, 2), id FROM dossier,
    generate_series(1, 8) at WHERE length(substr(name_norm, at, 2)) = 2;
INSERT INTO dossier_key SELECT 'kehu' || id, id, keeper FROM dossier;
INSERT INTO recent SELECT 's' || n % 2000 + 1, n, now() FROM generate_series(1, 20000) n;
INSERT INTO visit_note (id, number, dossier_id, author, day, manner, body, major, confidential,
        state, version, filed_at, deadline, on_time)
    SELECT n, '访-2020-' || n, n % 20000 + 1, 's' || n % 2000 + 1, now(), 'visit', '', false,
        false, 'filed', 1, now() - n * interval '1 minute', now(), true
    FROM generate_series(1, 30000) n;
INSERT INTO visit_note_version SELECT n, n, 1, '', now(), 's1' FROM generate_series(1, 20000) n;
INSERT INTO note_comment SELECT n, n, 's' || n % 2000 + 1, '', now()
    FROM generate_series(1, 20000) n;
INSERT INTO note_reader SELECT 's' || n % 2000 + 1, n, now() - n * interval '1 minute',
    CASE WHEN n % 20 > 0 THEN now() END FROM generate_series(1, 30000) n;
INSERT INTO visit (id, dossier_id, staff_id, day, state, from_note, note_id, version, entered_at)
    SELECT n, n % 20000 + 1, 's' || n % 2000 + 1, date '2020-01-01' + n % 2500, 'noted', n,
        n, 1, now() FROM generate_series(1, 30000) n;
INSERT INTO attachment (id, staff_id, kind, state, problem, mime, size, subject_kind, subject_id,
        attempts, created_at)
    SELECT n, 's' || n % 2000 + 1, 'photo', 'kept', '', '', 1, 'visit_note', n, 0, now()
    FROM generate_series(1, 30000) n;
INSERT INTO loose SELECT n, 's' || n % 2000 + 1, NULL, '', 'used', now()
    FROM generate_series(1, 20000) n;
INSERT INTO conversation SELECT n, 's' || n % 2000 + 1, 'visit', 1,
        CASE WHEN n <= 1000 THEN 'active' WHEN n % 3 = 0 THEN 'dropped' ELSE 'draft' END, 1, 1,
        '', NULL, 'phones', 'a' || n % 2000 + 1, now(), now()
    FROM generate_series(1, 20000) n;
INSERT INTO menu SELECT 'phones', 'a' || n, '[]' FROM generate_series(1, 5000) n;
INSERT INTO inbox (channel, key, id, account, at, received_at, state, body, reference, attempts)
    SELECT 'phones', 'old' || n, n, 'a' || n % 2000 + 1, now(), now(),
        CASE WHEN n % 5000 = 0 THEN 'failed' ELSE 'done' END,
        CASE WHEN n % 5000 = 0 THEN ''::bytea END, 'r' || n, 0
    FROM generate_series(1, 200000) n;
INSERT INTO outbox (id, turn, key, channel, account, staff_id, mode, slot, body, state, due_at,
        attempts, problem, created_at, sent_at)
    SELECT n, n, 'old' || n, 'phones', 'a' || n % 2000 + 1, 's' || n % 2000 + 1, 'send',
        'c.' || n % 50, CASE WHEN n % 2 = 0 THEN ''::bytea END,
        CASE WHEN n % 1000 = 0 THEN 'ready' ELSE 'sent' END,
        now() + interval '9 years' * (n % 1000 = 0)::int, 0, '', now(), now()
    FROM generate_series(1, 200000) n;
INSERT INTO message_ref SELECT 'phones', 'a' || n % 2000 + 1, 'c.' || n, 'r' || n, now()
    FROM generate_series(1, 30000) n;
INSERT INTO watch SELECT 'visit', n, 'evening', now() + interval '9 years', 's' || n % 2000 + 1,
    'single' FROM generate_series(1, 30000) n;
INSERT INTO notice (case_kind, case_id, rung, staff_id, due_at, recorded_at, outbox_key, outcome)
    SELECT 'visit', n, 'noon', 's' || n % 2000 + 1, now(), now(), 'notice:' || n, 'sent'
    FROM generate_series(1, 30000) n;
INSERT INTO audit SELECT n, now(), 's' || n % 2000 + 1, 'visit_note.filed', 'visit_note:' || n,
    'phones', '', '{}', '' FROM generate_series(1, 30000) n;
INSERT INTO look SELECT n, now() - interval '1 minute' * n, 's' || n % 2000 + 1, n % 5000 + 1,
    's' || n % 1500 + 1, CASE WHEN n % 3 = 0 THEN 'company' ELSE '' END, 'dossier:' || n % 5000 + 1,
    'card', 'superior', 'phones', '', NULL FROM generate_series(1, 60000) n;
INSERT INTO origin SELECT 'phones:old' || n, 's' || n % 2000 + 1, 'visit_note.filed', 'visit_note:' || n,
    now() FROM generate_series(1, 30000) n;
INSERT INTO link SELECT n, NULL, '', now() + interval '9 years' FROM generate_series(1, 20000) n;
INSERT INTO dossier_merged SELECT 100000 + n, 'KH-2019-' || n, n, '客户' || n, 'customer', '', NULL, '',
    's1', now() FROM generate_series(1, 5000) n;
INSERT INTO dossier_distinct SELECT n, n + 1, 's1', now() FROM generate_series(1, 5000) n;
INSERT INTO approval_case (id, number, kind, subject, dossier_id, requester, terms, asked, state, step,
        stuck, version, opened_at, closed_at)
    SELECT n, '阅-2020-' || n, 'consult', n, n % 20000 + 1, 's' || n % 2000 + 1, '{}', '[]',
        CASE WHEN n % 100 = 0 THEN 'pending' ELSE 'approved' END, 0, false, 1,
        now() - n * interval '1 minute', now() FROM generate_series(1, 30000) n;
INSERT INTO case_place SELECT n, 0, 0, 'approved', '{}', 's' || n % 2000 + 1,
    CASE WHEN n % 10 = 0 THEN 's' || n % 1500 + 1 END, now() FROM generate_series(1, 30000) n;
INSERT INTO case_decider SELECT 's' || n % 2000 + 1, n * 100, 0, 0, 'own', NULL
    FROM generate_series(1, 300) n;
INSERT INTO case_act SELECT n, n, 'decided', 0, 0, 's' || n % 2000 + 1, NULL, 'approved', NULL, now()
    FROM generate_series(1, 30000) n;
INSERT INTO case_card SELECT n, n, 's' || n % 2000 + 1, 'phones', 'a' || n % 2000 + 1
    FROM generate_series(1, 30000) n;
INSERT INTO consultation SELECT n, n % 20000 + 1, 's' || n % 2000 + 1, 'audit', '', date '2020-01-01',
    CASE WHEN n % 100 = 0 THEN 'asked' ELSE 'granted' END, now(), now(), NULL
    FROM generate_series(1, 30000) n;
INSERT INTO document SELECT n, n % 20000 + 1, '', decode(md5('d' || n % 50), 'hex'),
    CASE WHEN n % 3 = 0 THEN 'copy' ELSE 'original' END, 3, 1, NULL, 'none', false, 'dossier',
    CASE WHEN n % 9 = 0 THEN n - 1 END, 'kept', now() FROM generate_series(1, 60000) n;
INSERT INTO loan (id, number, kind, dossier_id, borrower, department, for_whom, purpose, reason,
        place, long_term, grade_at_lending, pack, state, asked_at, approved_at, lent_at, due_on,
        due_at, renewals, closed_at, version)
    SELECT n, '借-2020-' || n, 'loan', n % 20000 + 1, 's' || n % 2000 + 1, '销售' || n % 40,
        'insider', 'visit', '', 'out', false, 'none', 'customer-service',
        CASE WHEN n % 100 = 0 THEN 'lent' WHEN n % 100 = 1 THEN 'approved' ELSE 'discharged' END,
        now() - n * interval '1 minute', now() - n * interval '1 minute',
        CASE WHEN n % 100 <> 1 THEN now() - n * interval '1 minute' END, date '2026-01-01',
        now() + interval '1 day' * (n % 7), 0, CASE WHEN n % 100 > 1 THEN now() END, 1
    FROM generate_series(1, 30000) n;
INSERT INTO loan_item SELECT n, n, 1, n, NULL, '', 'original', 3, 1, 3, 1, false, NULL,
    CASE WHEN n % 100 = 0 THEN 'out' WHEN n % 100 = 1 THEN 'asked' ELSE 'back' END
    FROM generate_series(1, 30000) n;
INSERT INTO custody_step (id, loan_id, kind, giver, taker, body, state, opened_by, opened_at,
        confirmed_at)
    SELECT n, n, 'hand_out', 's1', 's' || n % 2000 + 1, '',
        CASE n % 300 WHEN 0 THEN 'open' WHEN 1 THEN 'disputed' ELSE 'done' END, 's1', now(), now()
    FROM generate_series(1, 30000) n;
INSERT INTO renewal SELECT n, n, 1, now(), date '2026-01-01', false, NULL, 'granted',
    date '2026-01-01' FROM generate_series(1, 20000) n;
INSERT INTO loan_wait SELECT n, n % 20000 + 1, 's' || n % 2000 + 1, now(),
    CASE WHEN n % 100 = 0 THEN 'waiting' WHEN n % 500 = 1 THEN 'offered' ELSE 'taken' END, now(),
    now() FROM generate_series(1, 20000) n;
INSERT INTO incident (id, number, kind, leak_case, dossier_id, reported_by, state, at)
    SELECT n, '事-2020-' || n, 'lost', '', n % 20000 + 1, 's' || n % 2000 + 1,
        CASE WHEN n % 1000 = 0 THEN 'open' ELSE 'closed' END, now() FROM generate_series(1, 20000) n;
INSERT INTO incident_told SELECT n, n % 20000 + 1, 's' || n % 1999 + 1, 'know', 'gm', false, now(),
    now(), n % 20000 % 1000 = 999 FROM generate_series(1, 30000) n;
INSERT INTO incident_measure SELECT n, n % 20000 + 1, 's' || n % 2000 + 1, '', NULL, now()
    FROM generate_series(1, 30000) n;
INSERT INTO meta VALUES ('ids.last', '1000000');
INSERT INTO handover (id, number, pack, kind, dossier_id, department, subject, subject_index,
        period_on, started_on, opened_at, opened_by, giver, leg, state, gaps, shelved_at,
        receipt_code, closed_at, rev)
    SELECT n, '移-2020-' || n, 'auto', 'new_car', n % 20000 + 1, '销售' || n % 40, '',
        decode(md5('h' || n), 'hex'), NULL, date '2020-01-01' + n % 2500, now(), 's1',
        's' || n % 2000 + 1, 1, CASE WHEN n % 50 > 0 THEN 'complete' ELSE 'open' END, 0,
        CASE WHEN n % 40 > 0 THEN now() END, '', now(), 1 FROM generate_series(1, 20000) n;
INSERT INTO handover_leg (id, handover_id, n, giver, receiver, receiver_role, witness,
        witness_role, pack, department, kind, into_archive, started_on, due_on, due_at, provisional,
        state, handed_at, handed_by, signed_at, closed_at, complete)
    SELECT n, n, 1, 's' || n % 2000 + 1, '', 'custodian' || n % 40, '', 'gm' || n % 40, 'auto',
        '销售' || n % 40, 'new_car', true, date '2020-01-01' + n % 2500,
        date '2020-01-04' + n % 2500, now(), false,
        CASE WHEN n % 50 > 2 THEN 'signed' WHEN n % 50 = 2 THEN 'disputed'
            WHEN n % 50 = 1 THEN 'handed' ELSE 'open' END,
        now(), '', now(), now() - n * interval '1 hour', n % 7 > 0
    FROM generate_series(1, 20000) n;
INSERT INTO handover_item (id, handover_id, position, item, state, instead, form, pages, copies,
        customer_signed, staff_signed)
    SELECT n, n % 20000 + 1, n / 20000 + 1, 'invoice', 'present', '', 'copy', 1, 1, '', ''
    FROM generate_series(1, 40000) n;
INSERT INTO handover_gap (id, handover_id, leg, item_id, kind, owner, opened_at, opened_by, due_on,
        due_at, lapses, state, closed_by)
    SELECT n, n % 20000 + 1, 1, n, 'missing', 's' || n % 2000 + 1, now(), 's1', now(), now(), 0,
        CASE WHEN n % 10 > 0 THEN 'closed' ELSE 'open' END, ''
    FROM generate_series(1, 20000) n;
INSERT INTO handover_extension (id, handover_id, leg, asked_by, asked_at, until, reason, state)
    SELECT n, n % 20000 + 1, 1, 's' || n % 2000 + 1, now(), now(), '', 'granted'
    FROM generate_series(1, 20000) n;
INSERT INTO receipt_day SELECT 'auto' || n % 8, date '2010-01-01' + n / 8, now(), 's1', 4
    FROM generate_series(1, 20000) n;
INSERT INTO meeting (id, host, department, grade, subject, place, day, hour, called_at)
    SELECT n, 's' || n % 2000 + 1, 'd' || n % 20, 'secret', '', '',
        date '2010-01-01' + n % 6000, '14:30', now()
    FROM generate_series(1, 20000) n;
INSERT INTO meeting_member (meeting_id, staff_id, day, named_at)
    SELECT n, 's' || (n * 7 + p) % 2000 + 1, date '2010-01-01' + n % 6000, now()
    FROM generate_series(1, 20000) n, generate_series(1, 4) p;
INSERT INTO meeting_dossier SELECT n, n % 20000 + 1 FROM generate_series(1, 20000) n;
