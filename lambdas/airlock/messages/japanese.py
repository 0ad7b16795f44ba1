"""The texts in Japanese. The English catalogue has the same names and the same placeholders."""
# ruff: noqa: RUF001 - Japanese has full-width punctuation

from __future__ import annotations

TEXTS = {
    # What every message says ------------------------------------------------------------------------------------
    "about.known-region": (
        "実行者: {principal}\n"
        "クラスター: {cluster}（インフラ ID: {infra_id}）\n"
        "アカウント: {account}、リージョン: {region}\n"
        "グラント: {grant}"
    ),
    "about.no-region": (
        "実行者: {principal}\n"
        "クラスター: {cluster}（インフラ ID: {infra_id}）\n"
        "アカウント: {account}、リージョン: まだ不明\n"
        "グラント: {grant}"
    ),
    "opens.scoped": "次のオブジェクトの {action}",
    "opens.any-action": "次のオブジェクトの「すべてのアクション」（{action} だけではありません）",
    "opens.from-vpc": "VPC {network} からのアクセスのみ",
    "opens.from-address": "IP アドレス {network} からのアクセスのみ",
    "opens.from-any": "すべてのネットワークからのアクセス",
    "opens.kms": "復号のために S3 自身が行う KMS の呼び出し（同じ拒否の対象になる場合）",
    "opens.kms-any-action": "これらに関して S3 自身が行うすべての KMS の呼び出し（同じ拒否の対象になる場合）",
    "opens.lifted": (
        "!! このプリンシパルの「すべての操作」が「あらゆる場所」から可能になります !!\n"
        "このインストールに限らず、全アクション・全リソースが対象です。\n"
        "認証情報を持つ人は、どのネットワークからでもそれを使えます。"
    ),
    "wider": "■ 必要な範囲より広い例外です（正確な例外を設けられないため）",
    "wider.network": "ネットワーク: VPC に限らず、どこからでも可能です。漏れた署名付き URL も使えます。",
    "wider.actions": "アクション: 読み取りだけでなく、ファイルの書き込み・削除・共有も可能になります。",
    "wider.why": "理由: {why}",
    "diff.cut": "[...] 以下省略しました。全体は `airlock show {grant}` で確認できます。",
    "diff.cut.page": "[...] 以下省略しました。全体はリンク先のページか `airlock show {grant}` で確認できます。",
    "detail": "詳細: {detail}",
    "note": "コメント: {note}",
    # The request ------------------------------------------------------------------------------------------------
    "request.subject.scoped": "【承認依頼】OpenShift インストール {infra_id}（実行者 {who}）",
    "request.subject.wider": "【承認依頼・必要より広い例外】OpenShift インストール {infra_id}（実行者 {who}）",
    "request.subject.lifted": "【承認依頼・拒否の全面解除】OpenShift インストール {infra_id}（実行者 {who}）",
    "request.what": (
        "OpenShift のインストールが始まりました。実行者に設定された拒否（Deny）ポリシーのため、\n"
        "このままではブートストラップノードが S3 から Ignition ファイルを取得できません。\n"
        "一時的に例外を設けてよろしいでしょうか。"
    ),
    "request.what.wider": (
        "OpenShift のインストールが始まりました。実行者に設定された拒否（Deny）ポリシーのため、\n"
        "このままではブートストラップノードが S3 から Ignition ファイルを取得できません。\n"
        "この取得だけを許可する例外は設けられません。より広い例外を一時的に設けてよろしいでしょうか。"
    ),
    "request.opens": "■ 許可される内容",
    "request.until": (
        "■ 期限: {not_after} まで（この依頼から {minutes} 分）\n"
        "  期限はポリシー自体に書き込まれるため、他の仕組みが止まっても IAM が自動的に閉じます。\n"
        "  ブートストラップノードが終了すれば、期限前でも閉じます。"
    ),
    "request.stays.network": (
        "■ 引き続き拒否される内容\n"
        "  上記以外のすべてのアクションとオブジェクト、および現在拒否されている\n"
        "  他のネットワークからの取得。他のプリンシパルには影響しません。"
    ),
    "request.stays.any-yet": (
        "■ 引き続き拒否される内容\n"
        "  上記以外のすべてのアクションとオブジェクト。他のプリンシパルには影響しません。\n"
        "  VPC が判明した時点で、ポリシーに書ける場合は、その VPC からの取得だけに絞り込みます。"
    ),
    "request.stays.any-for-good": (
        "■ 引き続き拒否される内容\n"
        "  上記以外のすべてのアクションとオブジェクト。他のプリンシパルには影響しません。\n"
        "  VPC が判明しても、絞り込まれません。"
    ),
    "request.stays.any-action.network": (
        "■ 引き続き拒否される内容\n"
        "  上記以外のすべてのオブジェクトとリソース、および現在拒否されている他のネットワークからの\n"
        "  アクセス。他のプリンシパルには影響しません。"
    ),
    "request.stays.any-action.any-yet": (
        "■ 引き続き拒否される内容\n"
        "  上記以外のすべてのオブジェクトとリソース。他のプリンシパルには影響しません。\n"
        "  VPC が判明した時点で、ポリシーに書ける場合は、その VPC からのアクセスだけに絞り込みます。"
    ),
    "request.stays.any-action.any-for-good": (
        "■ 引き続き拒否される内容\n"
        "  上記以外のすべてのオブジェクトとリソース。他のプリンシパルには影響しません。\n"
        "  VPC が判明しても、絞り込まれません。"
    ),
    "request.stays.lifted": (
        "■ 引き続き拒否される内容\n"
        "  他のステートメントが拒否する操作のみ。他のプリンシパルには影響しません。\n"
        "  全面解除の範囲は、後から絞り込まれることはありません。"
    ),
    "request.answer": "■ 回答方法（回答期限 {answer_until}、最初の回答が有効です）",
    "request.silence": (
        "回答がない場合、例外は設けられず、ブートストラップノードの起動から\n約 20 分後にインストールは失敗します。"
    ),
    "request.changes": "■ ポリシーの変更内容",
    # Opened, narrowed, closed -----------------------------------------------------------------------------------
    "open.subject": "【開始】例外を設けました: OpenShift インストール {infra_id}（実行者 {who}）",
    "open.what": "拒否ポリシーに、このインストールの取得 1 件分の例外を設けました。",
    "open.next": (
        "対応は不要です。例外はブートストラップノードの終了時に閉じます。\n"
        "遅くとも {not_after} に IAM が自動的に閉じます。その他はすべて拒否されたままです。"
    ),
    "open-wider.subject": "【開始・必要より広い例外】OpenShift インストール {infra_id}（実行者 {who}）",
    "open-wider.what": "拒否ポリシーに、このインストールのための例外を、必要な範囲より広く設けました。",
    "open-wider.next": (
        "例外はブートストラップノードの終了時に閉じます。遅くとも {not_after} に IAM が\n"
        "自動的に閉じます。すぐに閉じるには: airlock close {grant}\n"
        "このような例外を禁止するには、このプリンシパルの `wider` を設定してください。"
    ),
    "open-lifted.subject": "【全面解除】{who} の拒否を解除しました: OpenShift インストール {infra_id}",
    "open-lifted.what": "このプリンシパルの拒否ポリシーを、ブートストラップノードの終了まで全面的に解除しました。",
    "open-lifted.next": (
        "終了までの間、このプリンシパルの操作にご注意ください。{not_after} に IAM が\n"
        "自動的に元に戻します。すぐに閉じるには: airlock close {grant}"
    ),
    "narrow.subject": "【縮小】例外を絞り込みました: OpenShift インストール {infra_id}（実行者 {who}）",
    "narrow.what": "インストールの進行により取得の内容が判明したため、例外の範囲を絞り込みました。",
    "narrow.next": "対応は不要です。遅くとも {not_after} に閉じます。",
    "narrow-wider.subject": "【縮小・まだ必要より広い例外】OpenShift インストール {infra_id}（実行者 {who}）",
    "widen.subject": "【再拡大】例外を広げました: OpenShift インストール {infra_id}（実行者 {who}）",
    "widen.what": "取得の経路が想定と異なることが判明したため、絞り込んだ例外を再び広げました。",
    "widen.next": (
        "対応は不要です。許可されるのは、引き続きこのインストールの Ignition ファイルの取得だけです。\n"
        "遅くとも {not_after} に閉じます。"
    ),
    "widen-wider.subject": "【再拡大・必要より広い例外】OpenShift インストール {infra_id}（実行者 {who}）",
    "widen-wider.next": (
        "対応は不要です。対象は、引き続きこのインストールの Ignition ファイルだけです。\n"
        "遅くとも {not_after} に閉じます。すぐに閉じるには: airlock close {grant}"
    ),
    "keep-as-is.subject": "【縮小不可】例外は元の範囲のままです: OpenShift インストール {infra_id}（実行者 {who}）",
    "keep-as-is.what": "取得の内容は判明しましたが、その形ではポリシーを書けないため、例外は元の範囲のままです。",
    "keep-as-is.next": (
        "インストールへの影響はありません。例外は必要より広いままですが、遅くとも\n"
        "{not_after} に閉じます。すぐに閉じるには: airlock close {grant}"
    ),
    "keep-as-is-wider.subject": "【縮小不可・必要より広い例外】OpenShift インストール {infra_id}（実行者 {who}）",
    "close.subject": "【終了】例外を閉じました: OpenShift インストール {infra_id}（実行者 {who}）",
    "close.what": "このインストールに対する拒否は再び有効です。例外の有効時間は {minutes} 分でした。",
    "close.next": "対応は不要です。",
    "close.next.timeout": (
        "インストールが完了していれば、対応は不要です。時間切れで失敗した場合は、設定の\n"
        "`timeout_minutes` でこのプリンシパルの時間を延ばし、インストールをやり直してください。"
    ),
    "close.next.check-failed": (
        "ポリシーの変更が airlock 自身の検査に合格しなかったため、グラントを閉じました。airlock の\n"
        "不具合です。監査ログの行を添えて報告してください。取得前のインストールは失敗します。"
    ),
    "close.next.policy-edited": (
        "例外が有効な間にポリシーが編集されました。編集者は CloudTrail で確認できます。\n"
        "Ignition ファイルが未取得の場合、インストールは失敗します。ポリシーを正しい状態にしてから\n"
        "やり直してください。"
    ),
    "close.next.principal-gone": "プリンシパルとそのポリシーは、すでに存在しません。対応は不要です。",
    "close.next.operator": (
        "Ignition ファイルが未取得の場合、インストールは失敗します。\n必要であれば、インストールをやり直してください。"
    ),
    "close.next.unwritable": (
        "Ignition ファイルが未取得の場合、インストールは失敗します。理由に示された内容を解消するか、\n"
        "このプリンシパルの `wider` の設定でより広い例外を認め、インストールをやり直してください。"
    ),
    "expire.subject": "【期限切れ】例外は設けられませんでした: OpenShift インストール {infra_id}（実行者 {who}）",
    "expire.what": "例外を設ける前に、グラントの期限が切れました。",
    "expire.next": (
        "インストールが続いている場合はブートストラップノードで失敗しますので、やり直してください。\n"
        "繰り返し起きる場合は、イベントの遅れやポリシーの書き込み失敗のアラームをご確認ください。"
    ),
    "end-unopened.subject": "【終了】例外は設けられませんでした: OpenShift インストール {infra_id}（実行者 {who}）",
    "end-unopened.what": "インストールにグラントが不要になりました。例外は一度も設けられていません。",
    "end-unopened.next": "対応は不要です。承認依頼が届いていた場合、今から回答しても結果は変わりません。",
    # Why a grant ended ------------------------------------------------------------------------------------------
    "fetched": "取得: {at} に、Ignition ファイルの取得完了をコンソール出力で確認",
    "why": "理由: {why}",
    "why.instance-ended": "ブートストラップノードが停止しました",
    "why.bucket-deleted": "ブートストラップ用のバケットが削除されました",
    "why.timeout": "期限が切れました",
    "why.policy-edited": "ポリシーが編集され、例外を続けられなくなりました",
    "why.principal-gone": "プリンシパルが存在しません",
    "why.fetched": "ブートストラップノードが Ignition ファイルを取得しました",
    "why.operator": "オペレーターの指示です: {by}",
    "why.rejected": "却下されました: {by}",
    "why.unanswered": "期限までに回答がありませんでした",
    "why.check-failed": "書き換え後のポリシーが airlock 自身の検査に合格しなかったため",
    "why.other": "{detail}",
    "why.nothing-to-open": "妨げになる拒否はありませんでした",
    # Refused ----------------------------------------------------------------------------------------------------
    "refuse.subject": "【不可】例外を設けられません: OpenShift インストール {infra_id}（実行者 {who}）",
    "refuse.what": (
        "このインストールのための例外を設けられませんでした。現在、何も許可されていません。\n"
        "インストールはブートストラップノードで失敗しますので、中止して構いません。"
    ),
    "remedy.not-named": (
        "拒否は、設定に記載のないポリシー（他のプリンシパルと共有される可能性のあるもの、または\n"
        "アクセス許可の境界）にあります。このプリンシパルの `groups` または `policies` に追加して\n"
        "デプロイし、インストールをやり直してください。"
    ),
    "remedy.too-large": (
        "例外を加えたポリシーが IAM のサイズ上限を超えます。無関係なステートメントを別のポリシーに\n"
        "移してください。または、`off` になっている `wider` の設定でより広い例外を認めるか、\n"
        "条件を 1 つ加えるだけで済む `strategy: lift` を設定してください。"
    ),
    "remedy.condition-taken": (
        "airlock が条件を加えるべき場所に、拒否自身の条件がすでにあります。条件を簡潔にするか、\n"
        "`off` になっている `wider` の設定または `strategy: lift` でより広い例外を認め、\n"
        "インストールをやり直してください。"
    ),
    "remedy.still-denied": (
        "送信元ネットワークによる拒否に例外を設けても、別の拒否により取得できません（詳細を参照）。\n"
        "そのため例外は設けていません。先にそちらを解消し、インストールをやり直してください。"
    ),
    "remedy.stray-airlock-statement": (
        "airlock の台帳にない Airlock という名前のステートメントがポリシーにあります。\n"
        "以前の内容と比べて手作業で修正し、インストールをやり直してください。"
    ),
    "remedy.policy-text": (
        "プリンシパルのポリシーを解釈できません。詳細を確認して IAM でポリシーを書き直し、\n"
        "インストールをやり直してください。"
    ),
    "remedy.principal-gone": (
        "ユーザーまたはロールが存在しません。別の名前やパスで作り直した場合は、その ARN を\n"
        "設定に登録してデプロイしてください。"
    ),
    "remedy.not-enrolled": (
        "このプリンシパルは、もう設定に登録されていません。\n"
        "対象とする場合は、登録してデプロイし、インストールをやり直してください。"
    ),
    "remedy.overlapping-objects": (
        "同じオブジェクトに対して別のグラントが有効です。2 つのプリンシパルが同じインフラ ID で\n"
        "インストールしているか、一方がそう装っています。正しい方を確認し、もう一方が\n"
        "閉じるまでお待ちください。"
    ),
    "remedy.refused-by-iam": (
        "IAM が新しいポリシーを受け付けませんでした（詳細を参照）。airlock のロールの書き込みが\n"
        "SCP やアクセス許可の境界で禁止されている場合は、許可してからインストールを\n"
        "やり直してください。"
    ),
    "remedy.action-pattern": (
        "拒否のアクションの一覧から、この取得だけを正確に除くことができません。アクション名または\n"
        "`*` で指定して S3 を独立したステートメントに分けるか、`off` になっている `wider.actions`、\n"
        "`wider.lift`、または `strategy: lift` でより広い例外を認めてください。"
    ),
    "remedy.resource-pattern": (
        "拒否のリソースの一覧から、Ignition ファイルだけを正確に除くことができません。特殊なパターンを\n"
        "避けて書くか、`off` になっている `wider.lift` または `strategy: lift` で全面解除を\n"
        "認めてください。"
    ),
    "remedy.address": (
        "拒否の条件に、IP アドレスとして解釈できない値があるため、何が拒否されるか判断できません。\n"
        "ポリシーのアドレスを修正し、インストールをやり直してください。"
    ),
    "remedy.allow-by-network": (
        "妨げているのは拒否ではありません。許可（Allow）が特定のネットワークに限られており、airlock は\n"
        "許可を追加しません。その許可にインストール先の VPC を加えるか、ブートストラップ用オブジェクトの\n"
        "s3:GetObject を別のステートメントで許可し、インストールをやり直してください。"
    ),
    "remedy.aws-managed": (
        "拒否は AWS 管理ポリシーにあり、誰にも編集できません。代わりに自身で作成した複製をアタッチし、\n"
        "このプリンシパルの `policies` に追加してデプロイし、インストールをやり直してください。"
    ),
    "remedy.scp": (
        "組織のサービスコントロールポリシー（SCP）が取得を拒否しています。このアカウントのポリシーでは\n"
        "例外を設けられません。組織の管理者に例外を依頼するか、別のアカウントをご利用ください。"
    ),
    "remedy.simulator-disagrees": (
        "IAM のポリシーシミュレーターの結果が airlock 自身の判定と一致しないため、例外は設けていません。\n"
        "どちらかが誤っています。詳細を添えて報告し、別の方法でインストールしてください。"
    ),
    "remedy.too-many-today": (
        "意図したインストールであれば、設定でこのプリンシパルの `grants_per_day` を増やしてください。\n"
        "そうでなければ認証情報が使われています。CloudTrail を確認してください。\n"
        "以後の分は監査ログにのみ残ります。"
    ),
    "remedy.too-many-open": (
        "意図したインストールであれば、設定でこのプリンシパルの `open_at_once` を増やすか、どれかが終わるまで\n"
        "お待ちください。そうでなければ認証情報が使われています。CloudTrail を確認してください。"
    ),
    "remedy.cool-down": ("これより前の通知の内容を解消し、その時刻を過ぎてからインストールをやり直してください。"),
    "remedy.lifted": (
        "全面解除の形でも、IAM が受け付けるポリシーを書けません。詳細の内容を解消し、\n"
        "インストールをやり直してください。"
    ),
    "remedy.check-failed": (
        "書き換え後のポリシーが、書き込む前に行う airlock 自身の検査に合格しませんでした。airlock の\n"
        "不具合です。例外は設けていません。詳細を添えて報告し、別の方法でインストールしてください。"
    ),
    "remedy.other": (
        "詳細の内容を解消し、インストールをやり直してください。拒否を変更できない場合は、\n"
        "`off` になっている `wider` の設定でより広い例外を認めるか、期間中の拒否を全面的に解除する\n"
        "`strategy: lift` が役立つことがあります。"
    ),
    # Answers ----------------------------------------------------------------------------------------------------
    "approve.subject": "【承認】OpenShift インストール {infra_id}（実行者 {who}）",
    "approve.what": "承認を受け付けました。これから例外を設け、完了後に改めてお知らせします。",
    "approve.next": "対応は不要です。この承認にお心当たりがない場合: airlock close {grant}",
    "approve-wider.subject": "【承認・必要より広い例外】OpenShift インストール {infra_id}（実行者 {who}）",
    "reject.subject": "【却下】OpenShift インストール {infra_id}（実行者 {who}）",
    "reject.what": "承認依頼は却下されました。例外は設けられず、インストールは失敗します。",
    "reject.next": (
        "このインストールへの回答は変更できません。改めて許可する場合は、インストールを\nやり直してください。"
    ),
    "unanswered.subject": "【未回答】OpenShift インストール {infra_id}（実行者 {who}）",
    "unanswered.what": "期限までに回答がありませんでした。例外は設けられず、インストールは失敗します。",
    "unanswered.next": (
        "承認者が回答できる時に、インストールをやり直してください。\nインストール開始前の事前承認も可能です。"
    ),
    "answer.link": "回答: リンクから（{by}）",
    "answer.iam": "回答者: {by}",
    "answer.ahead": "事前承認: {by}",
    # Observed ---------------------------------------------------------------------------------------------------
    "observe.subject": "【観察】OpenShift インストール {infra_id}（実行者 {who}）",
    "observe.what": "このプリンシパルは観察のみのため、何も変更していません。次の例外を設けるはずでした。",
    "observe.next": (
        "拒否が妨げになる場合、インストールはブートストラップノードで失敗します。\n"
        "対象とするには、`mode` を `approval` か `automatic` にしてデプロイしてください。"
    ),
    "observe-wider.subject": "【観察・必要より広い例外】OpenShift インストール {infra_id}（実行者 {who}）",
    "observe-wider.what": (
        "このプリンシパルは観察のみのため、何も変更していません。次の例外を設けるか、承認を依頼する\nはずでした。"
    ),
    "observe-change.subject": "【観察・更新】OpenShift インストール {infra_id}（実行者 {who}）",
    "observe-change.what": "このプリンシパルは観察のみのため、何も変更していません。現時点では次の例外になります。",
    "observe-change.next": "対応は不要です。インストールが進むにつれて内容は変わります。",
    "observe-change-wider.subject": (
        "【観察・更新・必要より広い例外】OpenShift インストール {infra_id}（実行者 {who}）"
    ),
    "observe-change-wider.what": (
        "このプリンシパルは観察のみのため、何も変更していません。現時点では次の例外を設けるか、承認を\n"
        "依頼することになります。"
    ),
    "observe-end.subject": "【観察終了】OpenShift インストール {infra_id}（実行者 {who}）",
    "observe-end.what": "例外を閉じる時点になりました。観察のみのため、実際には何も変更していません。",
    "observe-end.next": "対象とするには、`mode` を `approval` か `automatic` にしてデプロイしてください。",
    "observe.changes": "■ 行われるはずだったポリシーの変更",
    # The bootstrap machine --------------------------------------------------------------------------------------
    "machine": "インスタンス: {instance}",
    "rescue.subject": "【救済】ノードを再起動しました: OpenShift インストール {infra_id}（実行者 {who}）",
    "rescue.what": (
        "例外が有効になる前にブートストラップノードが Ignition ファイルを要求し、拒否されました。\n"
        "再び取得させるため、airlock がノードを 1 回だけ再起動しました。"
    ),
    "rescue.next": "対応は不要です。数分以内にインストールが再開することをご確認ください。",
    "rescue-failed.subject": "【アラーム】手動で再起動してください: OpenShift インストール {infra_id}（実行者 {who}）",
    "rescue-failed.what": (
        "例外が有効になる前にブートストラップノードが Ignition ファイルの取得を拒否され、起動の途中で\n"
        "止まっています。airlock はノードを再起動できませんでした。"
    ),
    "rescue-failed.next": (
        "EC2 でこのインストールのブートストラップノードであることを確認し、すぐに再起動してください\n"
        "（インスタンスの状態 > インスタンスを再起動）。ノードは再び取得を試みます。\n"
        "インストーラーがクラスターの API を待つのは 20 分間、取得用 URL の有効期間は 1 時間です。"
    ),
    "not-helped.subject": "【アラーム】例外があっても拒否されます: OpenShift インストール {infra_id}（実行者 {who}）",
    "not-helped.what": "例外が有効であるにもかかわらず、ブートストラップノードの取得が拒否されています。",
    "not-helped.next": (
        "airlock から見えない、または変更できない別の拒否があります。SCP、RCP、バケットポリシー、\n"
        "VPC エンドポイントポリシー、ロール引き受け時のセッションポリシーをご確認ください。\n"
        "解消後、EC2 でインスタンスを再起動するか、インストールをやり直してください。"
    ),
    # Alarms about policies --------------------------------------------------------------------------------------
    "place": "ポリシー: {place}",
    "grants": "グラント: {grants}",
    "drift.subject": "【アラーム】例外の有効中にポリシーが編集されました: {name}",
    "drift.what": "airlock が例外を設けている間に、ポリシーが編集されました。編集内容は保たれています。",
    "detached.subject": "【アラーム】例外の有効中にポリシーがデタッチされました: {name}",
    "detached.what": (
        "airlock が例外を設けている間に、ポリシーがインストーラーに適用されなくなりました。\n"
        "デタッチされたままになっています。"
    ),
    "drift.next": "CloudTrail で編集者と理由を確認し、ポリシーが意図どおりかご確認ください。",
    "close-failed.subject": "【アラーム】まだ閉じられていません: OpenShift インストール {infra_id}（{who}）",
    "close-failed.what": (
        "グラントは終了しましたが、ポリシーを元に戻せませんでした。IAM が 2 回続けて書き込みを\n"
        "受け付けていません。成功するまで 1 分ごとに再試行し、閉じたときにお知らせします。"
    ),
    "close-failed.next": (
        "再試行の結果によらず、有効な例外は {not_after} に IAM が自動的に閉じます。\n"
        "詳細を確認し、airlock のロールの書き込み権限が SCP や許可境界などで\n"
        "失われていないかをご確認ください。"
    ),
}
