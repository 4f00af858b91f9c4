//! Words that stand near one-time codes, and near numbers that are none. As [`fold`](super::fold) leaves them: small letters, Arabic
//! letters in their Persian forms. Words are separated by `|`.
//!
//! Chosen from how services of each language write such texts; where a language bends or joins its words, the stem stands here.

/// How a word of a table is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    /// As a word.
    Word,
    /// At the beginning of a word.
    Stem,
    /// Anywhere: also within a word, and in scripts without blanks.
    Anywhere,
}

use Match::{Anywhere, Stem, Word};

/// Words that mean a code, a password for one use, and the like.
pub(super) const CODE: &[(Match, &str)] = &[
    (Word, "otp|otps|pin|pins|tan|mtan|smstan|sms-tan|mobile-tan|2fa|passcode|passcodes|mfa|totp|otac|mpin|otc"),
    // Vietnamese, with and without its marks; Welsh and Irish.
    (Word, "mã|ma|cód|chód|cod"),
    (
        Stem,
        "verification n|security n|authentication n|one-time pass|one time pass|onetime pass|one-time pin|one time pin|single-use",
    ),
    // German, Dutch.
    (Stem, "einmalpass|einmal-pass|einmalkenn|einmalcode|einmal-code|freischaltcode|eenmalig|wegwerp"),
    // French, Spanish, Portuguese, Italian, Catalan, Romanian.
    (
        Stem,
        "mot de passe|usage unique|clave|contraseña|contrasenya|senha|código|codigo|codice|codul|codului|codi |\
         parola unic|palavra-passe",
    ),
    // Nordic, Finnish, Estonian, Latvian, Lithuanian.
    (Stem, "engångs|engangs|lösenord|adgangskode|koodi|tunnusluku|kertakäytt|salasana|parool|parole|slaptažod"),
    // Slavic in Latin letters, Hungarian, Turkish, Albanian.
    (Stem, "hasło|hasłem|heslo|lozink|zapork|geslo|jelszó|şifre|parolanız|fjalëkalim"),
    // Indonesian, Malay, Swahili, Tagalog.
    (Stem, "kata sandi|kata laluan|msimbo|nenosiri"),
    // Slavic in Cyrillic.
    (Stem, "парол|лозинк|шифр"),
    // Vietnamese.
    (Stem, "mật khẩu|mat khau"),
    // Most languages of Europe, and their compounds; Turkish and Icelandic.
    (Anywhere, "code|kod|kood|kód|kóð|kode|kóď|код|κωδικ"),
    // Arabic, Persian, Urdu; Hebrew.
    (Anywhere, "رمز|کود|کد|کوڈ|کلمة المرور|کلمة السر|او ٹی پی|קוד|סיסמ|קד "),
    // Hindi, Marathi, Nepali; Bengali; Punjabi; Gujarati; Tamil; Telugu; Kannada; Malayalam; Sinhala.
    (Anywhere, "कोड|ओटीपी|पासवर्ड|কোড|ওটিপি|ਕੋਡ|કોડ|குறியீ|ஓடிபி|కోడ్|ఓటిపి|ಕೋಡ್|കോഡ|කේත"),
    // Thai, Lao, Khmer, Burmese.
    (Anywhere, "รหัส|ລະຫັດ|លេខកូដ|កូដ|ကုဒ်"),
    // Georgian, Armenian, Amharic.
    (Anywhere, "კოდ|կոդ|ኮድ"),
    // Chinese, Japanese, Korean.
    (
        Anywhere,
        "验证码|驗證碼|校验码|认证码|确认码|动态码|動態碼|密码|密碼|口令|認證碼|確認碼|登录码|授权码|コード|認証番号|確認番号|暗証番号|パスワード|パスコード|인증번호|인증 번호|코드|비밀번호|확인번호|승인번호",
    ),
    (Word, "parola|haslo|hasla|tac|sifre|sifreniz|sifresi|sifreyi"),
    (Stem, "password|kwdik|uthibitisho|tabbatarwa|ikhodi|numéro de vérif|number of verif"),
    (Anywhere, "kôd|الرقم السری|認證号|検証コード"),
];

/// Words of texts that have a code, but other texts as well.
pub(super) const HINT: &[(Match, &str)] = &[
    (Word, "token|sign in|signing in|sign-in|log in|login|log-in|logging in|access"),
    (Stem, "verif|authenti|authoriz|authoris|activat|confirm|security|password"),
    // Romance and Germanic.
    (
        Stem,
        "anmeld|bestätig|sicherheit|connexion|vérif|inscription|iniciar sesi|confirma|seguridad|sicurezza|accesso|aanmeld|\
         bevestig|inloggen|logga in|logge|inlogg|bekræft|bekreft|kirjau|vahvist",
    ),
    // Slavic, Hungarian, Turkish.
    (
        Stem,
        "weryfik|potwierdz|logowani|ověř|overen|přihlá|potvr|prijav|belép|megerős|doğrula|giriş|onay|подтвержд|вход|войти|\
         підтвердж|επαλήθευ|σύνδεσ",
    ),
    // Vietnamese, Indonesian.
    (Stem, "xác thực|xac thuc|xác nhận|xac nhan|đăng nhập|verifikasi|masuk|rahasia"),
    (Anywhere, "تحقق|تایید|אימות|सत्याप|验证|驗證|認証|인증|ยืนยัน|登录|ログイン"),
    // Verbs that ask for it.
    (
        Word,
        "enter|entering|type|typing|input|use|using|copy|prove|eingeben|saisissez|saisir|utilisez|entrez|ingresa|ingresá|ingrese|introduce|introduzca|usa|use o|insira|digite|inserisci|digita|voer|gebruik|skriv|ange|använd|bruk|brug|indtast|syötä|käytä|notaðu|sláðu|wpisz|podaj|zadejte|zadajte|írja be|adja meg|introduceti|introduceți|unesite|vnesite|girin|giriniz|gunakan|masukkan|ilagay|gamitin|tumia|weka|ingiza|nhap|nhập|введите|введіть|введи|внесете|въведете|εισαγάγετε|πληκτρολογήστε",
    ),
    (Stem, "geben sie|gib |zur verif|zur anmeldung|registr|kích hoạt|kich hoat|đăng nhập|dang nhap"),
    (Anywhere, "أدخل|استخدم|وارد کنید|הקיש|הזן|הזינו|दर्ज|入力|입력|输入|輸入|กรอก|ใส่"),
];

/// Words that make a code one of another kind when they stand right before it, or are one with it.
pub(super) const OTHER_CODE: &str = "promo|promotion|promotional|discount|coupon|voucher|gift|zip|postal|post|country|area|qr|bar|swift|branch|sort|\
     product|source|referral|error|dress|tracking|order|booking|invite|dialing|dialling|shop|offer|store|status|item|\
     reward|ifsc|fault|redeem|friend|gutschein|rabatt|aktions|promotionnel|promocional|sconto|kortings|rabat|\
     kedvezmény|zniżkowy|slevový|indirim|diskon|kupon|промо|скидочный|descuento|desconto|réduction|postcode|postal-|\
     postleitzahl|\
     tax|course|colour|color|buchungs|buchung|voucher|kupong|rabattkod|alennus|slevovým|slevový|descompte|εκπτωτικός|εκπτωτικό|קופון|कूपन|কুপন|クーポン|优惠|優惠|할인|쿠폰|คูปอง";

/// The same after the word for a code: "code promo", "ma giam gia".
pub(super) const CODE_OF_OTHER: &str = "promo|promotionnel|de réduction|postal|postale|sconto|de descuento|de desconto|promocional|diskon|voucher|\
     giảm giá|giam gia|khuyến|khuyen|đơn hàng|don hang|vận đơn|khách hàng|khach hang|zip|rabatowy|barre|of conduct|\
     الخصم|تخفیف|ส่วนลด|สินค้า|\
     de descompte|קופון|הנחה";

/// What a number is of when one of these stands before it.
pub(super) const OTHER_NUMBER: &[(Match, &str)] = &[
    (
        Word,
        "order|orders|ord|postal|invoice|inv|ref|reference|ticket|booking|reservation|tracking|parcel|shipment|package|account|\
         acct|acc|a/c|card|ending|ends|policy|case|customer|client|member|membership|flight|train|bus|room|gate|seat|\
         platform|no|nr|num|number|id|waybill|awb|claim|loan|bill|receipt|transaction|txn|utr|rrn|meter|table|queue|box|\
         suite|apt|unit|job|request|incident|folio|pnr|serial|model|version|v|call|tel|phone|dial|hotline|helpline|fax|\
         since|rue|street|postcode|zip|plz|iban|exp|expiry|balance|bal|points|score|house|locker|calling|call us on|\
         ring|whatsapp|station|stop|line|bestellung|auftrag|rechnung|konto|karte|kunde|sendung|paket|telefon|anruf|seit|\
         zimmer|gleis|commande|facture|colis|compte|carte|dossier|vol|tél|numéro|n°|nº|pedido|factura|cuenta|tarjeta|\
         reserva|vuelo|teléfono|envío|encomenda|fatura|conta|cartão|ordine|fattura|conto|carta|pacco|prenotazione|volo|\
         bestelling|factuur|rekening|pakket|ordre|faktura|pakke|kort|tilaus|lasku|zamówienie|zamówienia|przesyłka|paczka|\
         konta|karta|karty|objednávka|objednávky|zásilka|účet|rendelés|csomag|comanda|colet|narudžba|sipariş|kart|hesap|\
         pesanan|nomor|kartu|resi|st|№|заказ|заказа|счет|счёт|карта|карты|номер|замовлення|посылка|тел|поръчка|παραγγελία|\
         παραγγελίας|الطلب|طلب|طلبک|رقم|سفارش|הזמנה|הזמנתך|חשבון|ऑर्डर|बिल|đơn|hàng|vé",
    ),
    (
        Stem,
        "bestellnummer|kundennummer|rechnungsnummer|sendungsnummer|auftragsnummer|vorgangsnummer|kontonummer|ordernummer|\
         tilausnumero|numéro de|número de",
    ),
    (
        Anywhere,
        "订单|訂單|单号|單號|尾号|末四位|注文|伝票|｢|受付番号|予約番号|주문|운송장|예약번호|คำสั่งซื้อ|พัสดุ|电话|電話|전화|โทร",
    ),
    // Where one calls.
    (Word, "info|hub|hubungi|hot line|हेल्पलाइन|হেল্পলাইন|service|support|customer care|helpdesk|kundenservice"),
    // The end of a card.
    (
        Stem,
        "endet auf|endend|terminant|terminée par|finissant|terminada|termina en|que termina|terminata|che termina|eindig|slutar på|slutter på|ender på|päättyv|viite|المنتهية|zakończon|kończąc|končíc|végződ|terminat în|završava|zavrsava|оканчива|заканчива|закінчу|завершу|berakhir",
    ),
];

/// What is asked to be sent to a number: then the number is a short code. And the words between.
pub(super) const SEND: &str = "text|txt|reply|send|sms|stop|antworten|senden|sende|envoyez|répondez|envía|envia|responda|envie|invia|rispondi|\
     stuur|skicka|wyślij|pošlete|gönder|kirim|soạn|soan|gửi|gui|отправьте|أرسل";

pub(super) const TOWARDS: &str =
    "to|at|an|au|al|a|à|para|ao|aan|naar|till|til|na|ke|đến|den|на|إلى|إلی|on|via|from|von";

/// Currencies: before or after an amount.
pub(super) const MONEY: &str = "usd|eur|gbp|vnd|vnđ|inr|rs|rs.|jpy|cny|rmb|krw|rub|руб|руб.|₽|pln|zł|czk|kč|huf|ft|ron|lei|try|tl|sek|nok|dkk|kr|\
     kr.|chf|aud|cad|sgd|hkd|myr|rm|idr|rp|rp.|thb|baht|php|aed|sar|qar|kwd|egp|ils|nis|ngn|kes|ksh|zar|brl|r$|mxn|\
     ars|clp|cop|uah|грн|kzt|pkr|bdt|lkr|npr|ghs|ugx|tzs|euro|euros|dollars|pounds|rupees|dong|đ|d|k|yen|won|reais|\
     pesos|zlotych|рублей|рубля|درهم|ریال|تومان|جنیه|שח|रुपये";

/// Signs and ideographs of money; they stand right at the amount.
pub(super) const MONEY_SIGNS: &str = "$€£¥₹₫₽₩₺₪₴฿₦₱₿円元원￥點点年년";

/// Units: after an amount.
pub(super) const UNITS: &str = "min|mins|minute|minutes|minuten|minutos|minuti|sec|secs|second|seconds|sekunden|hour|hours|hrs|hr|uhr|stunden|\
     day|days|tage|km|kms|m|mm|cm|kg|g|gb|mb|kb|tb|ml|l|kwh|kcal|calories|points|pts|punkte|puntos|pontos|punti|\
     points.|miles|meilen|steps|people|customers|items|times|units|coins|diem|điểm|mbps|ghz|mhz|sqft|seats|stars|\
     users|followers|words|pages|credits|bonus|баллов|am|pm|prize|bytes|years|jahre|ans|mal|schritte|pas";

/// Names of months, as they begin.
pub(super) const MONTHS: &str = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mär|mai|okt|dez|fev|fév|avr|jui|aoû|déc|ene|abr|ago|dic|out|set|\
     gen|mag|giu|lug|ott|maj|янв|фев|мар|апр|мая|июн|июл|авг|сен|окт|ноя|дек|year|since";

/// Words after a number that say that it ends a card, or numbers something.
pub(super) const OF_OTHER: &str = "biten|sayılı|numaralı|nolu|számú|numaralu";
