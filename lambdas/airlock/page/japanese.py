# ruff: noqa: RUF001 - full-width punctuation is what Japanese is written with
"""The page's texts in Japanese. The English catalogue has the same names and the same placeholders."""

from __future__ import annotations

TEXTS = {
    "title": "{heading} - Bootstrap Airlock",
    # The request ------------------------------------------------------------------------------------------------
    "ask.heading.scoped": "このインストールのために制限を一部開けますか？",
    "ask.heading.wider": "このインストールのために制限を必要より広く開けますか？",
    "ask.heading.lifted": "このプリンシパルの制限をすべて解除しますか？",
    "ask.what": (
        "OpenShift のインストールが始まりました。実行しているプリンシパルには接続元を制限する拒否（Deny）があり、"
        "このままではブートストラップノードが S3 から Ignition ファイルを読み取れません。"
        "この拒否を一時的に開けてよいですか？"
    ),
    "ask.wider": "この読み取りだけを許可することができないため、インストールに必要な範囲より広い許可を求めています。",
    "ask.unknown": "心当たりのないインストールの場合は、先に担当者に確認するか、却下してください。",
    "about.heading": "リクエストの内容",
    "about.principal": "プリンシパル",
    "about.infra-id": "クラスター（インフラ ID）",
    "about.account": "アカウント",
    "about.region": "リージョン",
    "about.region-unknown": "まだ分かっていません",
    "about.grant": "グラント",
    "about.asked": "リクエスト日時",
    "opens.heading": "許可される操作",
    "opens.scoped": "このインストールの Ignition ファイルの読み取り（s3:GetObject）だけです。",
    "opens.any-action": (
        "このインストールの Ignition ファイルに対する【すべて】の操作です。"
        "読み取り（s3:GetObject）だけではありません。ほかのファイルは対象外です。"
    ),
    "opens.one-of-two": "実際に使われるのは 2 つのうちどちらか一方で、インストーラーのバージョンによって決まります。",
    "opens.from-vpc": "VPC {network} からのアクセスに限ります。",
    "opens.from-address": "アドレス {network} からのアクセスに限ります。",
    "opens.from-any": (
        "接続元のネットワークは限定されません。"
        "インストール先の VPC が分かった時点で、ポリシーに書ける場合は、その VPC からのアクセスに限定します。"
    ),
    "opens.from-any-for-good": (
        "接続元のネットワークは限定されません。インストール先の VPC が分かった後も【どこからでも】可能です。"
    ),
    "opens.kms": "ファイルの復号のために S3 自身が行う KMS の呼び出しも、拒否の対象であれば許可されます。",
    "opens.kms-any-action": "ファイルについて S3 自身が行うすべての KMS の呼び出しも、拒否の対象であれば許可されます。",
    "opens.until": (
        "期限は {until}です。期限はポリシー自体に書き込まれるため、ほかのすべてが止まっても IAM が閉じます。"
        "ブートストラップノードが終了すると、期限前でも閉じます。"
    ),
    "opens.later": (
        "読み取りの経路が想定と違った場合は、接続元のネットワークの条件だけが変わることがあります。"
        "操作、対象のインストール、期限が広がることはありません。"
    ),
    "wider.heading": "注意：必要な範囲より広い許可です",
    "wider.lead": "必要な範囲を超える部分：",
    "wider.network": (
        "ネットワーク：インストール先の VPC に限らず、どこからでも可能です。漏れた署名付き URL も使えます。"
    ),
    "wider.actions": "操作：読み取りだけでなく、ファイルの書き込み、削除、共有も可能になります。",
    "wider.why": "正確な範囲で許可できない理由：",
    "lift.heading": "警告：拒否をすべて解除します",
    "lift.everything": "{until}まで、このプリンシパルの【すべて】の呼び出しが【どこからでも】許可されます。",
    "lift.who": (
        "すべての操作、すべてのリソースが対象です。"
        "認証情報を持っている人は誰でも、どのネットワークからでもそれを使えるようになります。"
    ),
    "stays.heading": "引き続き拒否される操作",
    "stays.network": (
        "これ以外の操作とオブジェクト、現在拒否されているほかのネットワークからの読み取り、"
        "そして期限後のすべての操作は、これまでどおり拒否されます。ほかのプリンシパルには影響しません。"
    ),
    "stays.any": (
        "これ以外の操作とオブジェクト、そして期限後のすべての操作は、これまでどおり拒否されます。"
        "ほかのプリンシパルには影響しません。"
    ),
    "stays.any-action.network": (
        "これ以外のオブジェクトとリソース、現在拒否されているほかのネットワークからの操作、"
        "そして期限後のすべての操作は、これまでどおり拒否されます。ほかのプリンシパルには影響しません。"
    ),
    "stays.any-action.any": (
        "これ以外のオブジェクトとリソース、そして期限後のすべての操作は、これまでどおり拒否されます。"
        "ほかのプリンシパルには影響しません。"
    ),
    "stays.lifted": (
        "期限までは、ほかのステートメントが拒否する操作だけが拒否されます。ほかのプリンシパルには影響しません。"
        "解除の範囲は、インストールが進んでも狭まりません。"
    ),
    "changes.heading": "ポリシーの変更内容",
    "changes.lead": (
        "+ の行が追加され、- の行が削除されます。終了すると、各ポリシーは 1 バイトも違わず元の内容に戻ります。"
    ),
    "changes.of": "変更内容：{place}",
    "changes.none": (
        "変更内容がリクエストと一緒に保存されていません。"
        "オペレーターに次のコマンドで確認してもらってください：airlock show {grant}"
    ),
    # The answer -------------------------------------------------------------------------------------------------
    "answer.heading": "回答",
    "answer.until": "回答の期限は {until}です（あと {minutes} 分）。最初の回答が有効になります。",
    "answer.silence": "誰も回答しなければ何も許可されず、インストールは失敗します。",
    "answer.note": "メモ（任意）",
    "answer.note-help": "{limit} 文字以内。回答と一緒に保存されるため、機密情報は書かないでください。",
    "answer.address": "回答した端末の接続元アドレスも記録されます。",
    "answer.approve": "承認する",
    "answer.approve-wider": "広い許可を承認する",
    "answer.approve-lift": "解除を承認する",
    "answer.reject": "却下する",
    "decision.heading": "回答の内容",
    "decision.answer": "回答",
    "decision.approved": "承認",
    "decision.rejected": "却下",
    "decision.by": "回答者",
    "decision.by.link": "リンクを持っていた人（接続元アドレス {by}）",
    "decision.by.iam": "{by}（IAM 認証情報による署名）",
    "decision.by.ahead": "{by}（事前承認）",
    "decision.at": "日時",
    "decision.note": "メモ",
    "order.heading": "終了の指示",
    "ended.heading": "経過",
    "ended.opened": "許可した日時",
    "ended.closed": "終了した日時",
    "ended.why": "理由",
    "ended.detail": "詳細",
    # How a request stands ---------------------------------------------------------------------------------------
    "standing.preparing.heading": "準備中",
    "standing.preparing.what": "このリクエストを処理しています。",
    "standing.preparing.next": "1 分ほど待ってから、このページを再読み込みしてください。",
    "standing.approved.heading": "承認済み",
    "standing.approved.what": "承認を受け付けました。1 分以内に反映されます。",
    "standing.approved.next": "必要な操作はありません。拒否が開くと、通知の受信者に連絡が届きます。",
    "standing.rejected.heading": "却下済み",
    "standing.rejected.what": "却下を受け付けました。このインストールには何も許可されず、インストールは失敗します。",
    "standing.rejected.next": (
        "誤って却下した場合は、インストールをやり直してもらってください。新しいリクエストが届きます。"
    ),
    "standing.unanswered.heading": "期限内に回答がありませんでした",
    "standing.unanswered.what": (
        "回答の期限を過ぎました。このインストールには何も許可されず、インストールは失敗します。"
    ),
    "standing.unanswered.next": (
        "回答できる人がいるときにインストールをやり直してもらうか、オペレーターに事前承認を依頼してください。"
    ),
    "standing.misfit.heading": "別の内容への回答があります",
    "standing.misfit.what": (
        "このインストールには回答がありますが、現在のリクエストに対するものではありません。何も許可されません。"
    ),
    "standing.misfit.next": "インストールをやり直してもらってください。新しいリクエストが届きます。",
    "standing.open.heading": "許可中",
    "standing.open.what": "このインストールのために拒否を開けています。期限は {until}です。",
    "standing.open.next": (
        "必要な操作はありません。すぐに終了するには、オペレーターが次のコマンドを実行します：airlock close {grant}"
    ),
    "standing.closing.heading": "終了処理中",
    "standing.closing.what": "ポリシーを元に戻しています。",
    "standing.closing.next": "必要な操作はありません。",
    "standing.closed.heading": "終了",
    "standing.closed.what": "このインストールのために開けていた拒否は、元に戻りました。",
    "standing.closed.next": "必要な操作はありません。",
    "standing.ended.heading": "許可は不要になりました",
    "standing.ended.what": "このリクエストは終了しました。何も許可していません。",
    "standing.ended.next": "必要な操作はありません。",
    "standing.expired.heading": "期限切れ",
    "standing.expired.what": "何も許可しないまま期限を過ぎました。",
    "standing.expired.next": (
        "実行中のインストールは失敗します。やり直してもらってください。新しいリクエストが届きます。"
    ),
    "standing.refused.heading": "許可できません",
    "standing.refused.what": "このインストールのために拒否を開けることができません。ポリシーは変更していません。",
    "standing.refused.next": "「詳細」に示された問題を解決してから、インストールをやり直してもらってください。",
    "standing.observed.heading": "観察のみ",
    "standing.observed.what": "このプリンシパルは観察のみの設定です。何も許可されません。",
    "standing.observed.next": "必要な操作はありません。",
    # Why a grant ended ------------------------------------------------------------------------------------------
    "why.instance-ended": "ブートストラップノードが終了したため",
    "why.bucket-deleted": "ブートストラップ用のバケットが削除されたため",
    "why.timeout": "期限を過ぎたため",
    "why.nothing-to-open": "妨げになる拒否がなかったため",
    "why.check-failed": "書き換え後のポリシーが airlock 自身の検査に合格しなかったため",
    "why.policy-edited": "ポリシーが編集され、許可を続けられなくなったため",
    "why.principal-gone": "プリンシパルが存在しないため",
    "why.fetched": "ブートストラップノードが Ignition ファイルを取得したため",
    "why.operator": "オペレーターの指示",
    "why.rejected": "却下されたため",
    "why.unanswered": "期限内に回答がなかったため",
    "why.other": "{reason}",
    # What can be wrong ------------------------------------------------------------------------------------------
    "problem.no-link.heading": "このリンクは使えません",
    "problem.no-link.what": "Bootstrap Airlock が発行したリンクではないか、リンクの一部が欠けています。",
    "problem.no-link.next": (
        "リクエストのメールにあるリンクをそのまま開いてください。"
        "リンクが途中で改行されている場合は、全体をコピーして開いてください。"
    ),
    "problem.expired.heading": "リンクの有効期限が切れています",
    "problem.expired.what": "このリンクの期限は {until}でした。もう回答には使えません。",
    "problem.expired.next": (
        "まだ許可が必要な場合は、インストールをやり直してもらってください。新しいリンクの付いたリクエストが届きます。"
    ),
    "problem.expired.stands": "リクエストの結果：{standing}",
    "problem.gone.heading": "リクエストが見つかりません",
    "problem.gone.what": "このリクエストの記録がありません。",
    "problem.gone.next": (
        "インストールがまだ実行中であれば、オペレーターに次のコマンドで確認してもらってください：airlock status"
    ),
    "problem.replaced.heading": "現在のリクエストは内容が異なります",
    "problem.replaced.what": "このリンクの内容は、現在のリクエストと異なります。まだ何も決定されていません。",
    "problem.replaced.next": "このインストールについての最新のリクエストにあるリンクを開いてください。",
    "problem.not-found.heading": "ページが見つかりません",
    "problem.not-found.what": "このサイトには承認ページしかありません。",
    "problem.not-found.next": "リクエストのメールにあるリンクを開いてください。",
    "problem.wrong-method.heading": "この操作はできません",
    "problem.wrong-method.what": "このページでできるのは、閲覧と回答だけです。",
    "problem.wrong-method.next": "リクエストのメールにあるリンクをブラウザーで開いてください。",
    "problem.cross-site.heading": "回答を受け付けませんでした",
    "problem.cross-site.what": (
        "このページからではなく、ほかのサイトまたはメールから送られた回答のため、受け付けませんでした。"
    ),
    "problem.cross-site.next": "リクエストのメールにあるリンクを開き、内容を確認したうえで回答してください。",
    "problem.wrong-type.heading": "回答を受け付けませんでした",
    "problem.wrong-type.what": "このページのフォームから送られたものではありません。",
    "problem.wrong-type.next": "リクエストのメールにあるリンクをブラウザーで開いて回答してください。",
    "problem.too-large.heading": "回答を受け付けませんでした",
    "problem.too-large.what": "送られた内容が大きすぎます。",
    "problem.too-large.next": "リクエストのリンクをもう一度開き、メモを短くして回答してください。",
    "problem.bad-form.heading": "回答を受け付けませんでした",
    "problem.bad-form.what": "フォームの内容が欠けているか、承認と却下のどちらも選ばれていません。",
    "problem.bad-form.next": "リクエストのリンクをもう一度開き、どちらかのボタンで回答してください。",
    "problem.bad-note.heading": "回答を受け付けませんでした",
    "problem.bad-note.what": "メモが {limit} 文字を超えているか、表示できない文字が含まれています。",
    "problem.bad-note.next": "前のページに戻り、メモを 1 行の文字だけにして回答してください。",
    "problem.failed.heading": "エラーが発生しました",
    "problem.failed.what": ("必要な情報の読み取りまたは保存に失敗しました。回答は保存されていない可能性があります。"),
    "problem.failed.next": (
        "1 分ほど待ってからリンクをもう一度開くと、現在の状態が分かります。"
        "それでも失敗する場合は、オペレーターに連絡してください。"
    ),
}
