"""Lists words that head a statement, such as `Warning: do not delete`, more often than they name somebody."""

import re

HEADINGS = frozenset(
    re.findall(
        r"\S+",
        """
    abstract achtung action actions advice agenda also amendment announcement answer answers appendix
    assumption attention background because besides blocker blockers bonus bug but caution caveat chapter
    claim comment comments conclusion conclusions concern consequently context correction date deadline
    decision decisions definition details disclaimer discussion done edit end error example examples exception
    fact figure finally first fix followup fyi goal goals hence here hint however idea impact important info
    introduction issue issues item items last later lesson lessons location meaning message motion namely next
    nota note notes now objective ok okay option options or otherwise outcome outcomes overview owner part
    phase plan point points priority pro problem problems pros cons proposal proposed purpose question
    questions quote reason recap reference remember reminder result results risk risks rule scenario second
    section so solution solutions source spoiler stage status step steps subject suggestion summary task tasks
    then therefore third thus time timeline tip title todo topic topics total translation update updates url
    versus warning well aber aufgabe aufgaben beispiel beschluss entscheidung ergebnis fazit frage hinweis
    schritt thema warnung wichtig zusammenfassung antwort avertissement donc exemple remarque rappel
    advertencia ejemplo importante pregunta respuesta paso resumen recordatorio entonces aviso exemplo
    pergunta resposta passo resumo lembrete attenzione avviso esempio domanda risposta
    réponse résumé étape décision atención conclusión decisión decisão внимание вопрос ответ важно пример итог
    шаг решение примечание 注意 警告 問題 问题
    質問 回答 答案 例 重要 結論 结论 決定 决定 備考 备注
    時間 时间 日時 日期 場所 地点 議題 议题 提醒 总结 總結 まとめ
    질문     답변 주의 중요 결론 예
        """,
    )
)
"""The words, in lower case."""
ENUMERATIONS = frozenset(
    re.findall(
        r"\S+",
        """
    action chapter day figure item lesson option part phase plan point question rule section slide stage step
    task topic version week
        """,
    )
)
"""Words that head a statement with a number or one more word: `Step 2`, `Plan B`."""
PARTICLES = frozenset(re.findall(r"\S+", "al bin da de del della den der di dos du el ibn la le of ter van von y zu"))
"""Words in lower case that names have between their parts."""
