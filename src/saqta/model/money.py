"""Money: whole minor units of a currency; decimal text outside, never a float.

The exponent of a currency, its decimals, is that of ISO 4217.
"""

from saqta.model.errors import InputError

AMOUNT_MINOR_MAX = 10**15
DIGITS_MAX = 19
_TENS = (1, 10, 100, 1_000, 10_000)

_EXPONENTS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD "
        "CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD "
        "GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA "
        "MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR "
        "RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD "
        "TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
EXPONENTS = {currency: exponent for exponent, codes in _EXPONENTS.items() for currency in codes.split()}
"""Decimals of each currency's minor unit, by its code."""


def minor_units(text: str, currency: str) -> int:
    """The amount in whole minor units, zero as where a card is only tried; InputError for an unknown currency, what is
    no amount from zero up, or decimals it does not have.

    >>> minor_units("12.5", "KZT"), minor_units("12", "JPY"), minor_units("0.125", "KWD")
    (1250, 12, 125)
    """
    exponent = EXPONENTS.get(currency)
    if exponent is None:
        raise InputError("currency", currency, "a currency's code of ISO 4217, such as KZT")
    whole, point, decimals = text.partition(".")
    digits = whole + decimals
    written = digits.isdigit() and digits.isascii() and whole and (decimals or not point)
    if not written or len(decimals) > exponent or len(digits) > DIGITS_MAX:
        form = f"a decimal text with at most {exponent} decimals"
        raise InputError("amount", text, f"an amount in {currency} from zero up, {form}")
    amount = int(digits) * _TENS[exponent - len(decimals)]
    if amount > AMOUNT_MINOR_MAX:
        raise InputError("amount", text, f"at most {AMOUNT_MINOR_MAX} of the smallest units")
    return amount


def decimal_text(minor: int, currency: str) -> str:
    """Whole minor units as a decimal text with all of the currency's decimals.

    >>> decimal_text(45000000, "KZT"), decimal_text(7, "JPY")
    ('450000.00', '7')
    """
    exponent = EXPONENTS[currency]
    digits = str(minor).zfill(exponent + 1)
    return f"{digits[:-exponent]}.{digits[-exponent:]}" if exponent else digits
