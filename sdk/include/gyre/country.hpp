// Which countries are there? ISO 3166-1 alpha-2, with an English name for people to read.
//
// The table holds every officially assigned code and EU, which the standard reserves for the European Union. Codes that
// the standard leaves to users (AA, QM to QZ, XA to XZ, ZZ) are known too and have no name: XI is Northern Ireland in
// European invoices, ZZ an unknown place in the CLDR.
//
// THREADS: constants and pure functions.
#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "gyre/decimal.hpp"
#include "gyre/schema.hpp"

namespace gyre {

struct Country {
  std::string_view code;
  std::string_view name;
};

// By code.
inline constexpr Country kCountries[] = {{"AD", "Andorra"},
                                         {"AE", "United Arab Emirates"},
                                         {"AF", "Afghanistan"},
                                         {"AG", "Antigua and Barbuda"},
                                         {"AI", "Anguilla"},
                                         {"AL", "Albania"},
                                         {"AM", "Armenia"},
                                         {"AO", "Angola"},
                                         {"AQ", "Antarctica"},
                                         {"AR", "Argentina"},
                                         {"AS", "American Samoa"},
                                         {"AT", "Austria"},
                                         {"AU", "Australia"},
                                         {"AW", "Aruba"},
                                         {"AX", "Åland Islands"},
                                         {"AZ", "Azerbaijan"},
                                         {"BA", "Bosnia and Herzegovina"},
                                         {"BB", "Barbados"},
                                         {"BD", "Bangladesh"},
                                         {"BE", "Belgium"},
                                         {"BF", "Burkina Faso"},
                                         {"BG", "Bulgaria"},
                                         {"BH", "Bahrain"},
                                         {"BI", "Burundi"},
                                         {"BJ", "Benin"},
                                         {"BL", "Saint Barthélemy"},
                                         {"BM", "Bermuda"},
                                         {"BN", "Brunei Darussalam"},
                                         {"BO", "Bolivia"},
                                         {"BQ", "Bonaire, Sint Eustatius and Saba"},
                                         {"BR", "Brazil"},
                                         {"BS", "Bahamas"},
                                         {"BT", "Bhutan"},
                                         {"BV", "Bouvet Island"},
                                         {"BW", "Botswana"},
                                         {"BY", "Belarus"},
                                         {"BZ", "Belize"},
                                         {"CA", "Canada"},
                                         {"CC", "Cocos (Keeling) Islands"},
                                         {"CD", "Congo (Democratic Republic)"},
                                         {"CF", "Central African Republic"},
                                         {"CG", "Congo"},
                                         {"CH", "Switzerland"},
                                         {"CI", "Côte d'Ivoire"},
                                         {"CK", "Cook Islands"},
                                         {"CL", "Chile"},
                                         {"CM", "Cameroon"},
                                         {"CN", "China"},
                                         {"CO", "Colombia"},
                                         {"CR", "Costa Rica"},
                                         {"CU", "Cuba"},
                                         {"CV", "Cabo Verde"},
                                         {"CW", "Curaçao"},
                                         {"CX", "Christmas Island"},
                                         {"CY", "Cyprus"},
                                         {"CZ", "Czechia"},
                                         {"DE", "Germany"},
                                         {"DJ", "Djibouti"},
                                         {"DK", "Denmark"},
                                         {"DM", "Dominica"},
                                         {"DO", "Dominican Republic"},
                                         {"DZ", "Algeria"},
                                         {"EC", "Ecuador"},
                                         {"EE", "Estonia"},
                                         {"EG", "Egypt"},
                                         {"EH", "Western Sahara"},
                                         {"ER", "Eritrea"},
                                         {"ES", "Spain"},
                                         {"ET", "Ethiopia"},
                                         {"EU", "European Union"},
                                         {"FI", "Finland"},
                                         {"FJ", "Fiji"},
                                         {"FK", "Falkland Islands"},
                                         {"FM", "Micronesia"},
                                         {"FO", "Faroe Islands"},
                                         {"FR", "France"},
                                         {"GA", "Gabon"},
                                         {"GB", "United Kingdom"},
                                         {"GD", "Grenada"},
                                         {"GE", "Georgia"},
                                         {"GF", "French Guiana"},
                                         {"GG", "Guernsey"},
                                         {"GH", "Ghana"},
                                         {"GI", "Gibraltar"},
                                         {"GL", "Greenland"},
                                         {"GM", "Gambia"},
                                         {"GN", "Guinea"},
                                         {"GP", "Guadeloupe"},
                                         {"GQ", "Equatorial Guinea"},
                                         {"GR", "Greece"},
                                         {"GS", "South Georgia and the South Sandwich Islands"},
                                         {"GT", "Guatemala"},
                                         {"GU", "Guam"},
                                         {"GW", "Guinea-Bissau"},
                                         {"GY", "Guyana"},
                                         {"HK", "Hong Kong"},
                                         {"HM", "Heard Island and McDonald Islands"},
                                         {"HN", "Honduras"},
                                         {"HR", "Croatia"},
                                         {"HT", "Haiti"},
                                         {"HU", "Hungary"},
                                         {"ID", "Indonesia"},
                                         {"IE", "Ireland"},
                                         {"IL", "Israel"},
                                         {"IM", "Isle of Man"},
                                         {"IN", "India"},
                                         {"IO", "British Indian Ocean Territory"},
                                         {"IQ", "Iraq"},
                                         {"IR", "Iran"},
                                         {"IS", "Iceland"},
                                         {"IT", "Italy"},
                                         {"JE", "Jersey"},
                                         {"JM", "Jamaica"},
                                         {"JO", "Jordan"},
                                         {"JP", "Japan"},
                                         {"KE", "Kenya"},
                                         {"KG", "Kyrgyzstan"},
                                         {"KH", "Cambodia"},
                                         {"KI", "Kiribati"},
                                         {"KM", "Comoros"},
                                         {"KN", "Saint Kitts and Nevis"},
                                         {"KP", "North Korea"},
                                         {"KR", "South Korea"},
                                         {"KW", "Kuwait"},
                                         {"KY", "Cayman Islands"},
                                         {"KZ", "Kazakhstan"},
                                         {"LA", "Laos"},
                                         {"LB", "Lebanon"},
                                         {"LC", "Saint Lucia"},
                                         {"LI", "Liechtenstein"},
                                         {"LK", "Sri Lanka"},
                                         {"LR", "Liberia"},
                                         {"LS", "Lesotho"},
                                         {"LT", "Lithuania"},
                                         {"LU", "Luxembourg"},
                                         {"LV", "Latvia"},
                                         {"LY", "Libya"},
                                         {"MA", "Morocco"},
                                         {"MC", "Monaco"},
                                         {"MD", "Moldova"},
                                         {"ME", "Montenegro"},
                                         {"MF", "Saint Martin"},
                                         {"MG", "Madagascar"},
                                         {"MH", "Marshall Islands"},
                                         {"MK", "North Macedonia"},
                                         {"ML", "Mali"},
                                         {"MM", "Myanmar"},
                                         {"MN", "Mongolia"},
                                         {"MO", "Macao"},
                                         {"MP", "Northern Mariana Islands"},
                                         {"MQ", "Martinique"},
                                         {"MR", "Mauritania"},
                                         {"MS", "Montserrat"},
                                         {"MT", "Malta"},
                                         {"MU", "Mauritius"},
                                         {"MV", "Maldives"},
                                         {"MW", "Malawi"},
                                         {"MX", "Mexico"},
                                         {"MY", "Malaysia"},
                                         {"MZ", "Mozambique"},
                                         {"NA", "Namibia"},
                                         {"NC", "New Caledonia"},
                                         {"NE", "Niger"},
                                         {"NF", "Norfolk Island"},
                                         {"NG", "Nigeria"},
                                         {"NI", "Nicaragua"},
                                         {"NL", "Netherlands"},
                                         {"NO", "Norway"},
                                         {"NP", "Nepal"},
                                         {"NR", "Nauru"},
                                         {"NU", "Niue"},
                                         {"NZ", "New Zealand"},
                                         {"OM", "Oman"},
                                         {"PA", "Panama"},
                                         {"PE", "Peru"},
                                         {"PF", "French Polynesia"},
                                         {"PG", "Papua New Guinea"},
                                         {"PH", "Philippines"},
                                         {"PK", "Pakistan"},
                                         {"PL", "Poland"},
                                         {"PM", "Saint Pierre and Miquelon"},
                                         {"PN", "Pitcairn"},
                                         {"PR", "Puerto Rico"},
                                         {"PS", "Palestine"},
                                         {"PT", "Portugal"},
                                         {"PW", "Palau"},
                                         {"PY", "Paraguay"},
                                         {"QA", "Qatar"},
                                         {"RE", "Réunion"},
                                         {"RO", "Romania"},
                                         {"RS", "Serbia"},
                                         {"RU", "Russia"},
                                         {"RW", "Rwanda"},
                                         {"SA", "Saudi Arabia"},
                                         {"SB", "Solomon Islands"},
                                         {"SC", "Seychelles"},
                                         {"SD", "Sudan"},
                                         {"SE", "Sweden"},
                                         {"SG", "Singapore"},
                                         {"SH", "Saint Helena"},
                                         {"SI", "Slovenia"},
                                         {"SJ", "Svalbard and Jan Mayen"},
                                         {"SK", "Slovakia"},
                                         {"SL", "Sierra Leone"},
                                         {"SM", "San Marino"},
                                         {"SN", "Senegal"},
                                         {"SO", "Somalia"},
                                         {"SR", "Suriname"},
                                         {"SS", "South Sudan"},
                                         {"ST", "Sao Tome and Principe"},
                                         {"SV", "El Salvador"},
                                         {"SX", "Sint Maarten"},
                                         {"SY", "Syria"},
                                         {"SZ", "Eswatini"},
                                         {"TC", "Turks and Caicos Islands"},
                                         {"TD", "Chad"},
                                         {"TF", "French Southern Territories"},
                                         {"TG", "Togo"},
                                         {"TH", "Thailand"},
                                         {"TJ", "Tajikistan"},
                                         {"TK", "Tokelau"},
                                         {"TL", "Timor-Leste"},
                                         {"TM", "Turkmenistan"},
                                         {"TN", "Tunisia"},
                                         {"TO", "Tonga"},
                                         {"TR", "Türkiye"},
                                         {"TT", "Trinidad and Tobago"},
                                         {"TV", "Tuvalu"},
                                         {"TW", "Taiwan"},
                                         {"TZ", "Tanzania"},
                                         {"UA", "Ukraine"},
                                         {"UG", "Uganda"},
                                         {"UM", "United States Minor Outlying Islands"},
                                         {"US", "United States"},
                                         {"UY", "Uruguay"},
                                         {"UZ", "Uzbekistan"},
                                         {"VA", "Vatican City"},
                                         {"VC", "Saint Vincent and the Grenadines"},
                                         {"VE", "Venezuela"},
                                         {"VG", "British Virgin Islands"},
                                         {"VI", "United States Virgin Islands"},
                                         {"VN", "Viet Nam"},
                                         {"VU", "Vanuatu"},
                                         {"WF", "Wallis and Futuna"},
                                         {"WS", "Samoa"},
                                         {"YE", "Yemen"},
                                         {"YT", "Mayotte"},
                                         {"ZA", "South Africa"},
                                         {"ZM", "Zambia"},
                                         {"ZW", "Zimbabwe"}};

// The country of a code, null when it has none. Codes are upper-case.
inline const Country* findCountry(std::string_view code) {
  const auto* const found = std::lower_bound(std::begin(kCountries), std::end(kCountries), code,
                                             [](const Country& a, std::string_view b) { return a.code < b; });
  return found != std::end(kCountries) && found->code == code ? found : nullptr;
}

inline bool isUserAssignedCountry(std::string_view code) {
  if (code == "AA" || code == "ZZ") return true;
  if (code.size() != 2) return false;
  return (code[0] == 'Q' && code[1] >= 'M' && code[1] <= 'Z') || (code[0] == 'X' && code[1] >= 'A' && code[1] <= 'Z');
}

inline bool isCountry(std::string_view code) { return findCountry(code) != nullptr || isUserAssignedCountry(code); }

// "" for a code without one.
inline std::string_view countryName(std::string_view code) {
  const Country* const country = findCountry(code);
  return country == nullptr ? std::string_view() : country->name;
}

// What is wrong with a code that isCountry does not know: the one that was probably meant, by its letters or its name.
inline std::string unknownCountry(std::string_view code) {
  const std::string text = "expected an ISO 3166-1 alpha-2 code, found " + detail::quoted(code);
  std::string upper(code.substr(0, 64));
  for (char& c : upper)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  const auto suggested = [&](std::string_view meant) {
    return text + "; did you mean \"" + std::string(meant) + "\"?";
  };
  if (upper == "UK") return suggested("GB");
  if (isCountry(upper)) return suggested(upper);
  if (code.size() <= 3) return text;
  const std::string_view near = nearestName(code, kCountries, [](const Country& country) { return country.name; });
  for (const Country& country : kCountries)
    if (!near.empty() && country.name == near) return suggested(country.code);
  return text;
}

}  // namespace gyre
